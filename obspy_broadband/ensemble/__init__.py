"""What enriching returns: an ensemble, its folder, its measures, figures and provenance."""

from .enriched_record import EnrichedRecord
from .ensemble import Ensemble

__all__ = ["EnrichedRecord", "Ensemble"]
