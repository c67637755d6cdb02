"""Enriching archives: from a source to a work list, item by item, to outputs that survive."""
