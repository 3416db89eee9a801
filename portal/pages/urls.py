"""The pages' addresses at an organization's host."""

from django.urls import path

from portal.pages import administration, audit, documents, handbook, home, people, programs, reference, templates, why

urlpatterns = [
    path("", home.home, name="home"),
    path("documents/", documents.document_list, name="documents"),
    path("documents/<uuid:cid>/", documents.document, name="document"),
    path("documents/<uuid:cid>/why/", why.document_why, name="document_why"),
    path("documents/<uuid:cid>/revoke/", documents.revoke_document, name="document_revoke"),
    path("documents/<uuid:cid>/restore/", documents.restore_document, name="document_restore"),
    path("documents/<uuid:cid>/change/", documents.change_document, name="document_change"),
    path("documents/<uuid:cid>/held/", documents.decide_held, name="document_held"),
    path("templates/", templates.template_list, name="templates"),
    path("templates/new/", templates.template_new, name="template_new"),
    path("templates/<uuid:template_id>/", templates.template_edit, name="template"),
    path("templates/<uuid:template_id>/history/", templates.template_history, name="template_history"),
    path("templates/<uuid:template_id>/restore/<int:number>/", templates.template_restore, name="template_restore"),
    path("templates/<uuid:template_id>/copy/", templates.template_copy, name="template_copy"),
    path("templates/<uuid:template_id>/status/", templates.template_status, name="template_status"),
    path("people/", people.people, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<uuid:person_id>/", people.person, name="person"),
    path("groups/new/", people.group_new, name="group_new"),
    path("groups/<uuid:group_id>/", people.group, name="group"),
    path("groups/<uuid:group_id>/change/", people.group_change, name="group_change"),
    path("programs/", programs.programs, name="programs"),
    path("programs/new/", programs.program_new, name="program_new"),
    path("programs/<str:client_id>/", programs.program, name="program"),
    path("domains/new/", programs.domain_new, name="domain_new"),
    path("domains/<str:domain>/prove/", programs.domain_prove, name="domain_prove"),
    path("keys/", administration.keys, name="keys"),
    path("keys/new/", administration.key_rotate, name="key_rotate"),
    path("keys/<uuid:key_id>/", administration.key_change, name="key_change"),
    path("settings/", administration.settings, name="settings"),
    path("settings/service/", administration.service_switch, name="service_switch"),
    path("audit/", audit.audit, name="audit"),
    path("api/", reference.reference, name="api_reference"),
    path("handbook/", handbook.handbook, name="handbook"),
    path("handbook/rights/", handbook.rights, name="handbook_rights"),
    path("handbook/<slug:name>/", handbook.handbook, name="handbook_page"),
]
