fn main() -> anyhow::Result<()> {
    use std::time::Instant;
    use std::io::Read;
    let corpus = std::path::PathBuf::from(std::env::var_os("ASSIZE_CORPUS").unwrap());
    let untar = |name: &str, suffix: &str| {
        let mut a = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(corpus.join(name)).unwrap()));
        let mut v = Vec::new();
        for e in a.entries().unwrap() {
            let mut e = e.unwrap();
            let n = e.path().unwrap().to_string_lossy().into_owned();
            if n.ends_with(suffix) { let mut b = Vec::new(); e.read_to_end(&mut b).unwrap(); v.push((n, b)); }
        }
        v.sort();
        v
    };
    let files: Vec<_> = untar("sigma_rules.tar.gz", ".yml").into_iter().map(|(name, b)| assize_model::RuleFile { name, text: String::from_utf8(b).unwrap() }).collect();
    let t = Instant::now();
    let rules = assize_sigma::RuleSet::load(&files);
    println!("load {:.3}", t.elapsed().as_secs_f64());
    struct Kept(Vec<assize_model::Batch>);
    impl assize_model::Sink for Kept {
        fn batch(&mut self, b: assize_model::Batch) -> std::io::Result<()> { self.0.push(b); Ok(()) }
        fn gap(&mut self, _: assize_model::Gap) -> std::io::Result<()> { Ok(()) }
    }
    struct V<'a>(&'a mut Vec<assize_model::Batch>);
    impl assize_formats::container::Visitor for V<'_> {
        fn wants(&self, _: &str) -> bool { true }
        fn member(&mut self, _: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> std::io::Result<()> {
            let Some((format, _)) = assize_formats::recognise(&head) else { std::io::copy(rest, &mut std::io::sink())?; return Ok(()) };
            let mut kept = Kept(Vec::new());
            let o = assize_model::Origin { exhibit: assize_model::ExhibitId::of_digest(&[0; 32]), member: None, format: "evtx" };
            let mut batcher = assize_model::Batcher::new(o, &mut kept);
            let options = Default::default();
            let mut whole = std::io::Cursor::new(head).chain(rest);
            let _ = format.read(&mut assize_model::Input { bytes: &mut whole, options: &options, projection: assize_model::Projection::Everything }, &mut batcher);
            batcher.finish()?;
            self.0.extend(kept.0);
            Ok(())
        }
        fn container(&mut self, _: Option<&str>, _: assize_formats::container::Kind) {}
        fn problem(&mut self, _: Option<&str>, _: assize_model::Cause, _: String) -> std::io::Result<()> { Ok(()) }
    }
    for set in std::env::args().skip(1) {
        let mut batches = Vec::new();
        let t = Instant::now();
        let mut stack = vec![std::path::PathBuf::from(&set)];
        while let Some(p) = stack.pop() {
            if p.is_dir() { let mut e: Vec<_> = std::fs::read_dir(&p)?.map(|e| e.unwrap().path()).collect(); e.sort(); stack.extend(e); continue; }
            let mut f = std::fs::File::open(&p)?;
            let size = f.metadata()?.len();
            assize_formats::container::visit(&mut f, size, &mut V(&mut batches))?;
        }
        let events: usize = batches.iter().map(|b| b.len()).sum();
        let parse = t.elapsed().as_secs_f64();
        println!("{set}: {events} events, {} batches, parse {parse:.2} s = {:.2} us/event", batches.len(), parse*1e6/events as f64);
        for pass in 0..3 {
            let t = Instant::now();
            let mut hits = 0;
            for b in &batches { let mut s = assize_model::Scan::default(); rules.scan(b, &mut s); hits += s.hits.len(); }
            let d = t.elapsed().as_secs_f64();
            println!("  pass {pass}: {d:.4} s = {:.3} us/event, {hits} hits", d*1e6/events as f64);
        }
        if std::env::var_os("REPEAT").is_some() { for _ in 0..50 { for b in &batches { let mut s = assize_model::Scan::default(); rules.scan(b, &mut s);} } }
    }
    Ok(())
}
