"""How far a draft request has come, and what is missing before it can open."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from marketplace.basics.figures import amount, count, percent
from marketplace.ingest import Problem
from marketplace.models import DataRequest, Role, User
from marketplace.selectors.access import organizations_of


@dataclass(frozen=True)
class Step:
    """One step of the guided request, as a page lists it; nothing waits for an optional one."""

    url_name: str
    title: str
    is_done: bool
    done_words: str
    missing_words: str
    is_optional: bool = False


@dataclass(frozen=True)
class ClassCount:
    """How many validation rows hold a class, and as a fraction of all of them."""

    label: str
    rows: int
    fraction: float


def own_requests(user: User) -> QuerySet[DataRequest]:
    """Requests of the organisations that a person buys for."""
    requests = DataRequest.objects.select_related("buyer").exclude(state=DataRequest.State.DISCARDED)
    return requests.filter(buyer__in=organizations_of(user, Role.BUYER))


def steps_of(draft: DataRequest) -> list[Step]:
    """Every step in its order."""
    columns = draft.schema.get("columns", [])
    return [
        Step("marketplace:draft_words", "Title and words", is_done=True, done_words=draft.title, missing_words=""),
        Step(
            "marketplace:draft_columns",
            "Columns",
            is_done=bool(columns),
            done_words=f"{count(len(columns))} columns",
            missing_words="Upload a sample file, or describe each column.",
        ),
        Step(
            "marketplace:draft_target",
            "Target and task",
            is_done=bool(draft.target),
            done_words=f"{draft.get_task_display()} of {draft.target}",
            missing_words="Say which column the model shall predict.",
        ),
        Step(
            "valuation:request_model",
            "Model and metric",
            is_done=bool(draft.model_spec and draft.metric),
            done_words="",  # valuation's to say: the page asks its filter
            missing_words="Choose what is trained and what it is judged by.",
        ),
        Step(
            "marketplace:draft_validation",
            "Validation file",
            is_done=bool(draft.validation_sha256),
            done_words=f"{count(draft.validation_rows)} rows",
            missing_words="Upload the private rows that decide what data is worth.",
        ),
        Step(
            "marketplace:draft_base",
            "Your own rows",
            is_done=bool(draft.base_rows),
            done_words=f"{count(draft.base_rows)} rows, to which sellers' rows are added",
            missing_words="If you have rows already, sellers are paid for what theirs add to them.",
            is_optional=True,
        ),
        Step(
            "marketplace:draft_budget",
            "Budget and precision",
            is_done=draft.pot_minor is not None,
            done_words=f"{amount(draft.pot_minor, draft.currency)}, ± {percent(draft.precision_target)} of the pot",
            missing_words="Say how much is to be paid, and how sure you want to be.",
        ),
    ]


def missing_steps(draft: DataRequest) -> list[Step]:
    """The steps that stand between a draft and its opening."""
    return [step for step in steps_of(draft) if not (step.is_done or step.is_optional)]


def grouped(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of a buyer's own file, one for each word or kind in a column: the same mend serves all its rows."""
    groups: dict[tuple[str, str | None, str | None], list[Problem]] = {}
    for problem in problems:
        value = problem.value if problem.code == "enum-constraint" else None
        alone = None if problem.column else str(problem.row)
        groups.setdefault((problem.code, problem.column, value or alone), []).append(problem)
    return [
        replace(first, message=f"{first.message} At least {count(len(others) + 1)} rows have this problem.")
        if others
        else first
        for first, *others in groups.values()
    ]


def too_narrow(draft: DataRequest, problems: Iterable[Problem]) -> list[tuple[int, str]]:
    """Columns, by place and name, that refuse words or numbers which the buyer's own validation rows hold."""
    refused = {problem.column for problem in problems if problem.code in {"enum-constraint", "range-constraint"}}
    names = [column["name"] for column in draft.schema.get("columns", [])]
    return [(place, name) for place, name in enumerate(names) if name in refused]


def class_balance(request: DataRequest) -> list[ClassCount]:
    """The target's classes in the validation rows, the most frequent first; empty for numbers and before the upload."""
    for column in request.validation_profile.get("columns", []):
        if column["name"] == request.target and column["kind"] == "category":
            ordered = sorted(column["counts"].items(), key=lambda item: -item[1])
            return [ClassCount(label, rows, rows / request.validation_rows) for label, rows in ordered]
    return []
