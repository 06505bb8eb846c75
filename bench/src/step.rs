//! What does each step do? Run in a process of its own, so that its CPU time is all there is to count.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use assize_case::formats;
use assize_case::model::{
    Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, Sink, Trust,
};
use assize_case::vault::{CaseFile, walk};
use assize_case::{Case, Choice, RuleSource, Search, Silent, detect, rule_files, stamp};

pub fn run(arguments: &[String]) -> Result<()> {
    let [step, evidence, target, rules @ ..] = arguments else { bail!("step NAME EVIDENCE TARGET [RULES]") };
    let (evidence, target) = (Path::new(evidence), Path::new(target));
    match step.as_str() {
        "evtx-jsonl" => evtx_jsonl(evidence),
        "parse" => parse(evidence),
        "intake" => intake(evidence, target).map(|_| ()),
        "derive" => {
            let mut case = intake(evidence, target)?;
            case.derive(&[], Some(1), &stamp(None), &Silent)?;
            Ok(())
        }
        "detect" => {
            let given = rules.iter().map(PathBuf::from).collect();
            let rules = rule_files(&RuleSource { given, no_builtin: false })?;
            let (paths, choice) = ([evidence.to_owned()], Choice::default());
            let search = Search {
                paths: &paths,
                read_as: &[],
                rules: &rules,
                choice: &choice,
                all_fields: false,
                threads: Some(1),
            };
            let found = detect(&search, &Silent)?;
            assert!(found.events > 0, "the input holds events");
            Ok(())
        }
        other => bail!("no step `{other}`"),
    }
}

/// What `evtx_dump -o jsonl` does, by the library it is made of.
fn evtx_jsonl(evidence: &Path) -> Result<()> {
    let mut out = io::BufWriter::new(io::sink());
    for found in walk(evidence).iter().filter(|found| found.source.extension().is_some_and(|x| x == "evtx")) {
        let Ok(parser) = evtx::EvtxParser::from_path(&found.source) else { continue };
        let settings = evtx::ParserSettings::new().indent(false).num_threads(1);
        for record in parser.with_configuration(settings).records_json().flatten() {
            writeln!(out, "{}", record.data)?;
        }
    }
    Ok(())
}

/// Every EVTX file to batches that nobody keeps.
fn parse(evidence: &Path) -> Result<()> {
    let format = formats::by_name("evtx").context("the EVTX format")?;
    let options = ReadingOptions::default();
    let mut null = Null(0);
    for found in walk(evidence).iter().filter(|found| found.source.extension().is_some_and(|x| x == "evtx")) {
        let mut file = std::fs::File::open(&found.source)?;
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "evtx" };
        let mut batcher = Batcher::new(origin, &mut null);
        let mut input = Input { bytes: &mut file, options: &options, projection: Projection::Everything };
        format.read(&mut input, &mut batcher)?;
        batcher.finish()?;
    }
    assert!(null.0 > 0, "the input holds events");
    Ok(())
}

struct Null(usize);

impl Sink for Null {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        self.0 += batch.len();
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> io::Result<()> {
        Ok(())
    }
}

fn intake(evidence: &Path, target: &Path) -> Result<Case> {
    let mut case = Case::create(target, CaseFile::default(), &stamp(None))?;
    case.intake(&[evidence.to_owned()], Trust::SelfReported, &stamp(None), &Silent, &mut |_, _| {})?;
    Ok(case)
}
