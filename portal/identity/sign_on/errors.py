"""What goes wrong between us and a provider, each with a sentence for the person who can mend it."""

from chancery.errors import ChanceryError


class ProviderFailed(ChanceryError):
    """The provider does not answer, or not as the standard says; the message says what and the remedy what to do."""

    code = "provider_failed"


class AnswerRefused(ChanceryError):
    """What came back from the provider is not the answer to what this browser had asked."""

    code = "sign_on_refused"
