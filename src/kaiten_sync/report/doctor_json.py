"""What `doctor` found out, as JSON. Stage 7."""

from __future__ import annotations

from kaiten_sync.documents import property_of, to_json
from kaiten_sync.documents.doctor import DoctorDocument, ExaminedDocument
from kaiten_sync.documents.parts import target_document
from kaiten_sync.model.examination import Examination
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.rights import Rights
from kaiten_sync.model.value import Json
from kaiten_sync.report.failure import failure_document
from kaiten_sync.report.views import ExaminationView


def doctor_json(view: ExaminationView) -> dict[str, Json]:
    """Every key is always there, but `error`."""
    found: Examination = view.examination
    return to_json(
        DoctorDocument(
            format_version=1,
            is_fine=all(each.is_fine for each in found.targets),
            requests=found.requests,
            targets=tuple(
                ExaminedDocument(
                    target=target_document(TargetRef(each.name, each.url)),
                    is_fine=each.is_fine,
                    generation=each.generation,
                    generation_source=each.source,
                    # Null and not empty: nobody knows what a token may do that was not asked.
                    scopes=None if each.rights is None else tuple(sorted(map(str, rights.granted))),
                    may_plan=rights.may_plan,
                    may_apply=rights.may_apply,
                    sees_holders=rights.sees_holders,
                    requests=each.requests,
                    error=property_of(
                        None
                        if each.error is None
                        else failure_document(each.error, view.codes[each.name]),
                        absent=None,
                    ),
                )
                for each in found.targets
                for rights in [each.rights or Rights(granted=frozenset())]
            ),
        )
    )
