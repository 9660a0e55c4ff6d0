"""Plates: ``POST /api/v1/validate/plate`` on a host of its own."""

from importer.schema import Field, Kind, Need, Table

# fmt: off
PLATES = Table(
    endpoint="plates",
    path="/api/v1/validate/plate",
    source='API Documentation, "Pull API: Plate Validation", table "Request Object Attributes"',
    fields=(
        #     vendor's key  vendor's name  form        need           limit  code when missing
        # api_token, String, 50 characters, and client, String, both required: come from the settings
        Field("plate",      "plate",       Kind.PLATE, Need.REQUIRED, None,  missing=9006),
    ),
    key=(("plate",),),
)
# fmt: on
