"""The tables of the protection package; Django finds them here."""

from protection.models.access import AccessRequest, PersonalGrant, RequestState
from protection.models.acting import Acting
from protection.models.budgets import Budget, BudgetFor, BudgetUse, CountedOpening, Pause
from protection.models.content import (
    STATE,
    Certificate,
    Content,
    ContentChange,
    ContentRevocation,
    Edition,
    FirstOpening,
    GrantBinding,
    RegistrationState,
    new_feed_id,
)
from protection.models.decoys import Alarm, AlarmCursor, AskedAbout, Decoy
from protection.models.everywhere import EverywhereAct, EverywhereChange, EverywhereOutcome, EverywhereState
from protection.models.hand_overs import HandOver, HandOverState
from protection.models.keys import IssuingKey, KeyStatus, LogKey, TenantKey, WrappingKey
from protection.models.labels import Label
from protection.models.organization import FeedEntry, FeedHead, ServiceSettings
from protection.models.previews import Preview, PreviewKind, PreviewState
from protection.models.read_permissions import ApplicationReading, ReadPermission, ReadPermissionKind
from protection.models.reviews import Review, ReviewAnswer, ReviewItem, ReviewKind
from protection.models.scheduled import ScheduledRevocation
from protection.models.scoped_requests import ApprovalState, ScopedRequest
from protection.models.super_users import (
    RecoveryKey,
    SuperUser,
    SuperUserGrant,
    SuperUserOpening,
)
from protection.models.templates import ExpiryOption, ProtectionTemplate, TemplateStatus, TemplateVersion
from protection.models.tracking import (
    News,
    Notice,
    NoticeChoice,
    NoticeCursor,
    NoticeOf,
    OwnerToTell,
    Tracking,
    Unmasking,
    Visit,
)

__all__ = [
    "STATE",
    "AccessRequest",
    "Acting",
    "Alarm",
    "AlarmCursor",
    "ApplicationReading",
    "ApprovalState",
    "AskedAbout",
    "Budget",
    "BudgetFor",
    "BudgetUse",
    "Certificate",
    "Content",
    "ContentChange",
    "ContentRevocation",
    "CountedOpening",
    "Decoy",
    "Edition",
    "EverywhereAct",
    "EverywhereChange",
    "EverywhereOutcome",
    "EverywhereState",
    "ExpiryOption",
    "FeedEntry",
    "FeedHead",
    "FirstOpening",
    "GrantBinding",
    "HandOver",
    "HandOverState",
    "IssuingKey",
    "KeyStatus",
    "Label",
    "LogKey",
    "News",
    "Notice",
    "NoticeChoice",
    "NoticeCursor",
    "NoticeOf",
    "OwnerToTell",
    "Pause",
    "PersonalGrant",
    "Preview",
    "PreviewKind",
    "PreviewState",
    "ProtectionTemplate",
    "ReadPermission",
    "ReadPermissionKind",
    "RecoveryKey",
    "RegistrationState",
    "RequestState",
    "Review",
    "ReviewAnswer",
    "ReviewItem",
    "ReviewKind",
    "ScheduledRevocation",
    "ScopedRequest",
    "ServiceSettings",
    "SuperUser",
    "SuperUserGrant",
    "SuperUserOpening",
    "TemplateStatus",
    "TemplateVersion",
    "TenantKey",
    "Tracking",
    "Unmasking",
    "Visit",
    "WrappingKey",
    "new_feed_id",
]
