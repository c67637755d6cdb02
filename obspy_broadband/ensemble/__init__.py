"""What enriching returns: an ensemble, its folder, its measures, figures and provenance."""

from .ensemble import EnrichedRecord, Ensemble

__all__ = ["EnrichedRecord", "Ensemble"]
