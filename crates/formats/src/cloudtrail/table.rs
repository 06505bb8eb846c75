//! What do tables say that hold CloudTrail's records?
//!
//! Splunk exports the record in `_raw`, with columns that it extracted beside it. CloudTrail Lake and Athena
//! give columns of the record's own fields, of which nested ones have their own notation: such rows are read
//! by the columns that are plain.

use std::io;

use assize_model::{Batcher, Card, Confidence, Format, Input, ReadingOptions, Slice};

use super::MAKE;
use crate::{csv, m365};

/// See the module's text.
pub(crate) struct CloudTrailTable;

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

impl Format for CloudTrailTable {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "aws"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("splunk", "real")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let names = csv::names(head)?;
        let raw = names.iter().any(|name| name.trim() == "_raw");
        let of_it = || m365::holds(head, b"eventVersion") && m365::holds(head, b"awsRegion");
        (raw && of_it()).then_some(Confidence(92))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        MAKE.read_table(input, out)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        MAKE.reread_table(slices, options, out)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        csv::raw_text(slices)
    }
}
