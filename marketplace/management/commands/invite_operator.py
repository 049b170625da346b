"""Invite the first operator; from then on operators invite each other on their organisation's page."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.basics.errors import FaircutError
from marketplace.models import Organization, Role
from marketplace.services import accounts, invitations
from marketplace.web.site import address


class Command(BaseCommand):
    help = "Invite an operator of this marketplace by e-mail, and print the link, in case no mail server is set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--organization", default="Faircut operations", help="the operators' organisation")

    def handle(self, *_args: Any, email: str, organization: str, **_options: Any) -> None:
        operators = Organization.objects.filter(name=organization).first()
        try:
            invitation = invitations.invite(
                organization=operators or accounts.create_organization(name=organization, by=None),
                email=email,
                roles=[Role.OPERATOR],
                by=None,
            )
        except FaircutError as error:
            raise CommandError(error.in_words) from error
        self.stdout.write(address("marketplace:invitation", invitation.token))
