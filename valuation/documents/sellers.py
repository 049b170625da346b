"""The sellers of a run, as every document names them."""

from functools import cached_property

from marketplace.basics.documents import Document


class Seller(Document):
    """One seller and the rows it pooled."""

    organization_id: int
    name: str
    rows: int


class OfSellers(Document):
    """A document about the sellers of a run: a seller's place among them is its index in every array."""

    sellers: tuple[Seller, ...]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {seller.organization_id: place for place, seller in enumerate(self.sellers)}

    def place_of(self, organization_id: int) -> int | None:
        """The index of an organisation's figures; None for one of which no row was valued."""
        return self._places.get(organization_id)
