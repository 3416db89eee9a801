"""What files of templates need to know of the organization they come from or go to."""

from protection.services.template_exchange.document import Here
from tenants.directory.selectors.domains import domains_in
from tenants.organizations.selectors import OrganizationFacts


def here_at(organization: OrganizationFacts) -> Here:
    """Return the organization with the mail domains it has proven."""
    proven = (one.domain for one in domains_in(organization.id) if one.proven_at is not None)
    return Here(organization.id, organization.name, frozenset(proven))
