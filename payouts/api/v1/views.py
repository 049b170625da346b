"""The accounting API, one class per operation. Only posted rounds exist here."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from payouts.api.v1.pagination import LIMIT_MAX, LineCursor, RoundCursor
from payouts.api.v1.problems import MEDIA_TYPE, problem_response
from payouts.api.v1.serializers import (
    LinesDocumentSerializer,
    LineSerializer,
    ProblemSerializer,
    RoundDetailSerializer,
    RoundSerializer,
)
from payouts.models import ApiKey, Export, PayoutRound
from payouts.selectors.money.projection import project

PROBLEMS = {(status, MEDIA_TYPE): ProblemSerializer for status in (401, 403, 404, 406)}
NOT_MODIFIED = OpenApiResponse(description="The export is the one you have.")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="ETag of the copy you have."
)
BOM = b"\xef\xbb\xbf"


def posted_rounds() -> QuerySet[PayoutRound]:
    return PayoutRound.objects.filter(state__in=PayoutRound.SETTLED).select_related("request")


class RoundList(ListAPIView[PayoutRound]):
    required_scope = ApiKey.Scope.ROUNDS_READ
    serializer_class = RoundSerializer
    pagination_class = RoundCursor

    def get_queryset(self) -> QuerySet[PayoutRound]:
        return posted_rounds()

    @extend_schema(operation_id="listRounds", responses={200: RoundSerializer(many=True), **PROBLEMS})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List posted rounds, the newest posting first."""
        return super().get(request, *args, **kwargs)


class RoundDetail(RetrieveAPIView[PayoutRound]):
    required_scope = ApiKey.Scope.ROUNDS_READ
    serializer_class = RoundDetailSerializer

    def get_queryset(self) -> QuerySet[PayoutRound]:
        return posted_rounds().select_related("audit_report").prefetch_related("exports")

    @extend_schema(operation_id="readRound", responses={200: RoundDetailSerializer, **PROBLEMS})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read a posted round: its terms, the proof of its sum, and the audit figures."""
        return super().get(request, *args, **kwargs)


class LineList(APIView):
    required_scope = ApiKey.Scope.LINES_READ
    serializer_class = LineSerializer
    pagination_class = LineCursor

    @extend_schema(
        operation_id="listLines",
        parameters=[
            OpenApiParameter("cursor", {"type": "integer", "minimum": 0}, description="Last number already seen."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX}),
        ],
        responses={200: LineSerializer(many=True), **PROBLEMS},
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List the rows of a round: sellers, platform fee, rest and escrow. Debits and credits are both the pot."""
        projection = project(get_object_or_404(posted_rounds(), pk=pk))
        paginator = self.pagination_class()
        page = paginator.paginate_records(projection.entries, request)
        rows = LineSerializer(page, many=True, context={"currency": projection.currency})
        return paginator.get_paginated_response(rows.data)


class CsvRenderer(BaseRenderer):
    """Lets a client ask for text/csv; the stored bytes are sent as they are."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class LinesCsv(APIView):
    required_scope = ApiKey.Scope.LINES_READ
    renderer_classes = [CsvRenderer]

    @extend_schema(
        operation_id="downloadLinesCsv",
        parameters=[
            OpenApiParameter("bom", OpenApiTypes.BOOL, description="Put a byte-order mark first, for Excel (`bom=1`)."),
            IF_NONE_MATCH,
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR, 304: NOT_MODIFIED, **PROBLEMS},
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        """Download the round's rows as CSV, schema payout_lines.v3: the same bytes whenever you ask."""
        export = find_export(pk, Export.Kind.CSV)
        with_bom = request.query_params.get("bom", "").lower() in {"1", "true"}
        body = BOM + bytes(export.body) if with_bom else bytes(export.body)
        return stored(request, body, f"{export.sha256}-bom" if with_bom else export.sha256, "text/csv; charset=utf-8")


class LinesJson(APIView):
    required_scope = ApiKey.Scope.LINES_READ
    renderer_classes = [JSONRenderer]

    @extend_schema(
        operation_id="downloadLinesJson",
        parameters=[IF_NONE_MATCH],
        responses={200: LinesDocumentSerializer, 304: NOT_MODIFIED, **PROBLEMS},
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        """Download the round's rows and the proof of their sum as JSON: the same bytes whenever you ask."""
        export = find_export(pk, Export.Kind.JSON)
        return stored(request, bytes(export.body), export.sha256, "application/json")


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponseBase:
    """Whatever else is asked under this prefix, by whatever method, is answered as a problem too."""
    return problem_response(Http404(), {"request": request})


def find_export(round_id: uuid.UUID, kind: Export.Kind) -> Export:
    return get_object_or_404(Export, round__in=posted_rounds(), round_id=round_id, kind=kind)


def stored(request: Request, body: bytes, tag: str, content_type: str) -> HttpResponseBase:
    """Answer with stored bytes under a strong ETag, or with 304 where the client has them."""
    response = HttpResponse(body, content_type=content_type)
    response["ETag"] = f'"{tag}"'
    response["Cache-Control"] = "private, no-cache"
    answer: HttpResponseBase | None = get_conditional_response(request, etag=response["ETag"], response=response)
    return answer if answer is not None else response
