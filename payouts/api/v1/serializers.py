"""What the API answers. Money is a plain decimal string in the round's currency; figures come from the projection."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.basics.money import plain_decimal
from payouts.core.rules import RULES
from payouts.models import Export, LineRelease, PayoutLine, PayoutRound
from payouts.selectors.money.projection import project
from payouts.selectors.money.renderings import line_dict, totals_dict
from payouts.selectors.round.waiting_lines import releases_of


class ProblemErrorSerializer(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer to the value.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # a field, not DRF's property


class CorrelationSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="Sellers behind the coefficients.")
    pearson = serializers.FloatField(allow_null=True)
    spearman = serializers.FloatField(allow_null=True)
    kendall = serializers.FloatField(allow_null=True)


class RuleFiguresSerializer(serializers.Serializer[Any]):
    rule = serializers.ChoiceField(
        choices=list(RULES),
        help_text="The `hcdv` rules sum the values of single rows and are missing where no rows were valued.",
    )
    values = serializers.ListField(child=serializers.FloatField())
    shares = serializers.ListField(child=serializers.FloatField(), help_text="Empty where no value is positive.")
    gini = serializers.FloatField(allow_null=True)
    lorenz = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    with_leave_one_out = CorrelationSerializer()
    with_rows = CorrelationSerializer()


class StandardErrorsSerializer(serializers.Serializer[Any]):
    computation = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="Because coalitions are sampled; 0 where they are not, null where the rule has no honest error.",
    )
    validation = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="Because the validation rows are a sample; null where the rule does not say how much that matters.",
    )


class AuditSellerSerializer(serializers.Serializer[Any]):
    organization_id = serializers.IntegerField()
    name = serializers.CharField()
    rows = serializers.IntegerField()


class SumProofSerializer(serializers.Serializer[Any]):
    lines_minor = serializers.IntegerField()
    fee_minor = serializers.IntegerField()
    unallocated_minor = serializers.IntegerField()
    pot_minor = serializers.IntegerField()


class SecondsSerializer(serializers.Serializer[Any]):
    """Seconds of each stage of the valuation; those that workers share count all workers together."""

    freezing = serializers.FloatField()
    evaluating = serializers.FloatField()
    embedding_rows = serializers.FloatField()
    valuing_rows = serializers.FloatField()
    merging = serializers.FloatField()


class AuditFiguresSerializer(serializers.Serializer[Any]):
    """Rules side by side; every list follows the order of `sellers`."""

    schema = serializers.CharField(source="schema_name")
    level = serializers.FloatField()
    sellers = AuditSellerSerializer(many=True)
    rules = RuleFiguresSerializer(many=True)
    standard_errors = serializers.DictField(
        child=StandardErrorsSerializer(), help_text="Of the values, by rule; rules that need no valuation have none."
    )
    share_half_widths = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField(), allow_null=True),
        help_text="Of the computation intervals of the shares before any policy, by rule; null where none is known. "
        "Empty in older rounds.",
    )
    utility_full = serializers.FloatField()
    utility_empty = serializers.FloatField()
    total_validation_error = serializers.FloatField(
        allow_null=True,
        help_text="Standard error over validation rows of utility_full less utility_empty; null where the metric has "
        "none, and in older rounds.",
    )
    withheld = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Places in `sellers` of those of whose values too few evaluations told to say how sure they are: "
        "their intervals are too narrow.",
    )
    precision_target = serializers.FloatField(help_text="Largest half-width of a share's interval that was asked for.")
    share_half_width = serializers.FloatField(
        allow_null=True, help_text="Largest half-width that was reached; null where no interval of a share is known."
    )
    precision_met = serializers.BooleanField(help_text="False where the budget was spent before the precision was met.")
    evaluations = serializers.IntegerField()
    row_evaluations = serializers.IntegerField(
        help_text="Those of them that valued single rows, which have a budget of their own; 0 in older rounds."
    )
    seconds = SecondsSerializer()
    seed = serializers.IntegerField()
    inputs_sha256 = serializers.CharField()
    nothing_paid = serializers.BooleanField()
    sum_proof = SumProofSerializer()


class TotalsSerializer(serializers.Serializer[Any]):
    """paid + held + fee + unallocated = sum = pot."""

    paid = serializers.CharField()
    held = serializers.CharField()
    fee = serializers.CharField()
    unallocated = serializers.CharField()
    sum = serializers.CharField()
    pot = serializers.CharField()
    proved = serializers.BooleanField()


class ExportSerializer(serializers.ModelSerializer[Export]):
    size_bytes = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = ["kind", "schema", "sha256", "size_bytes", "created_at"]

    def get_size_bytes(self, export: Export) -> int:
        return len(export.body)


class RoundSerializer(serializers.ModelSerializer[PayoutRound]):
    request_id = serializers.UUIDField()
    request = serializers.CharField(source="request.title")
    state = serializers.ChoiceField(choices=[("posted", "posted"), ("paid", "paid")])
    pot = serializers.SerializerMethodField()

    class Meta:
        model = PayoutRound
        fields = [
            "id", "request_id", "request", "state", "currency", "pot", "triggered_at", "approved_at", "posted_at",
            "paid_at", "bank_reference", "inputs_sha256", "lines_sha256",
        ]  # fmt: skip

    def get_pot(self, payout_round: PayoutRound) -> str:
        return plain_decimal(payout_round.pot_minor, payout_round.currency)


class ReleaseSerializer(serializers.ModelSerializer[LineRelease]):
    """Money that was held or carried over and is to be sent now; the amount is part of its own round's pot."""

    round_id = serializers.UUIDField(source="line.round_id", help_text="The round whose line it is.")
    number = serializers.IntegerField(source="line.number")
    organization_id = serializers.IntegerField(source="line.organization_id")
    organization = serializers.CharField(source="line.organization.name")
    amount = serializers.SerializerMethodField()
    reason = serializers.CharField()
    released_at = serializers.DateTimeField(source="at")
    goes_with = serializers.UUIDField(
        source="payout_round_id", allow_null=True, help_text="The later round whose payment takes it along."
    )
    is_paid = serializers.SerializerMethodField(help_text="Whether the bank has confirmed it.")

    class Meta:
        model = LineRelease
        fields = [
            "round_id", "number", "organization_id", "organization", "amount", "reason", "released_at", "goes_with",
            "is_paid",
        ]  # fmt: skip

    def get_amount(self, release: LineRelease) -> str:
        return plain_decimal(release.line.amount_minor, release.line.round.currency)

    def get_is_paid(self, release: LineRelease) -> bool:
        return release.line.state == PayoutLine.State.PAID


class RoundDetailSerializer(RoundSerializer):
    policy = serializers.JSONField(source="policy_snapshot")
    totals = serializers.SerializerMethodField()
    audit = AuditFiguresSerializer(source="audit_report.figures")
    exports = ExportSerializer(many=True)
    releases = serializers.SerializerMethodField()

    class Meta(RoundSerializer.Meta):
        fields = [
            *RoundSerializer.Meta.fields, "seed", "precision_target", "evaluations_max", "policy", "totals", "audit",
            "exports", "releases",
        ]  # fmt: skip

    @extend_schema_field(TotalsSerializer)
    def get_totals(self, payout_round: PayoutRound) -> dict[str, Any]:
        return totals_dict(project(payout_round))

    @extend_schema_field(ReleaseSerializer(many=True))
    def get_releases(self, payout_round: PayoutRound) -> Any:
        return ReleaseSerializer(releases_of(payout_round), many=True).data


class LineSerializer(serializers.Serializer[Any]):
    """One row of payout_lines.v3. `credit` is what the party is owed; the escrow is debited with the whole pot."""

    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["seller", "platform_fee", "unallocated", "escrow"])
    organization_id = serializers.IntegerField(allow_null=True)
    organization = serializers.CharField()
    owner_key = serializers.IntegerField(allow_null=True, help_text="Beneficial owner that the policy acted on.")
    disposition = serializers.ChoiceField(choices=["pay", "carry", "hold", "none", "fee", "return", "fund"])
    reason = serializers.CharField(
        help_text="Why the amount is what it is. `nothing_to_share`: all rows together did not beat what the "
        "buyer has without them by more than the validation rows can tell, and the whole pot went back."
    )
    rows = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    debit = serializers.CharField()
    credit = serializers.CharField()
    amount_lower = serializers.CharField(allow_null=True)
    amount_upper = serializers.CharField(allow_null=True)
    amount_validation_lower = serializers.CharField(allow_null=True)
    amount_validation_upper = serializers.CharField(allow_null=True)
    share = serializers.CharField(allow_null=True)
    share_lower = serializers.FloatField(allow_null=True)
    share_upper = serializers.FloatField(allow_null=True)
    share_validation_lower = serializers.FloatField(allow_null=True)
    share_validation_upper = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    value_lower = serializers.FloatField(allow_null=True)
    value_upper = serializers.FloatField(allow_null=True)
    value_validation_lower = serializers.FloatField(allow_null=True)
    value_validation_upper = serializers.FloatField(allow_null=True)
    chance = serializers.FloatField(
        allow_null=True,
        help_text="Chance that the owner's rows are not worth nothing; null where the policy did not ask for it.",
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return line_dict(instance, self.context["currency"])


class LinesDocumentSerializer(serializers.Serializer[Any]):
    """The stored JSON export of a round."""

    schema = serializers.CharField()
    round_id = serializers.UUIDField()
    request_id = serializers.UUIDField()
    request = serializers.CharField()
    effective_date = serializers.DateField()
    currency = serializers.CharField()
    inputs_sha256 = serializers.CharField()
    lines_sha256 = serializers.CharField()
    totals = TotalsSerializer()
    lines = LineSerializer(many=True)
