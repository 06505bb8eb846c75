//! What do tables say that hold CloudTrail's records?
//!
//! Splunk exports the record in `_raw`, with columns that it extracted beside it. CloudTrail Lake and Athena
//! give columns of the record's own fields, of which nested ones have their own notation: such rows are read
//! by the columns that are plain.

use assize_model::Card;

use super::MAKE;
use crate::made::{Columns, Layout, Made};

static CARD: Card = Card {
    name: "aws-cloudtrail-csv",
    title: "AWS CloudTrail (CSV of Splunk)",
    doc: "Tables whose column `_raw` holds a record of CloudTrail as JSON. The record's fields take the place of that \
          cell, under their own names; the columns that Splunk extracted stay beside it, so a field may be there \
          twice. What a record means is told under `aws-cloudtrail`.",
    example: "_raw,_time,eventName\n\"{\"\"eventVersion\"\":\"\"1.08\"\",…}\",2021-01-12T10:11:12.000+0000,DeleteBucket",
    links: &[
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    ],
    version: 1,
};

/// See the module's text.
pub(crate) static CLOUD_TRAIL_TABLE: Made = Made {
    card: &CARD,
    family: "aws",
    proof: &[("splunk", "real")],
    make: &MAKE,
    layout: Layout::Table(of_it),
};

fn of_it(columns: &Columns<'_>) -> bool {
    columns.has("_raw") && columns.hold("eventVersion") && columns.hold("awsRegion")
}
