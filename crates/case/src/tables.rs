//! How are questions put to the derived tables?
//!
//! SQL by DataFusion, read-only: what defines, changes, copies or sets is refused before it is
//! planned into anything. Memory is bounded; large sorts spill into the case's own folder and
//! nowhere else.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use assize_analysis as analysis;
pub(crate) use assize_analysis::literal;
use assize_model::{Row, SnapshotError, spine};
use assize_vault::Derived;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::ListingOptions;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{ColumnarValue, LogicalPlan, ScalarUDF, Volatility, create_udf};
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use futures::StreamExt;
use tokio::runtime::Runtime;

use crate::corrections::Corrections;
use crate::{CaseError, columns, words};

/// Bytes that queries may hold at once.
const MEMORY_MAX: usize = 1 << 30;
/// Where the derived area stands for the query engine.
const STORE: &str = "case://derived/";

/// Every event with the session that it belongs to and whose act it was: a view, because it says of
/// millions of events what `session_keys` says in few rows. An act of a process that is proven the
/// intruder's is the intruder's, whoever's session the process runs in.
const SESSION_EVENTS: &str = "
    CREATE VIEW session_events AS
    SELECT e.*, k.session,
           CASE WHEN p.event IS NOT NULL THEN 'intruder' ELSE coalesce(s.verdict, 'undetermined') END AS verdict,
           p.process
    FROM (SELECT *, presence_key(source, host, verb, links) AS presence FROM events) e
    LEFT JOIN session_keys k ON k.key = e.presence
         AND (k.\"from\" IS NULL OR e.time >= k.\"from\") AND (k.\"to\" IS NULL OR e.time < k.\"to\")
    LEFT JOIN sessions s ON s.id = k.session
    LEFT JOIN proven_events p ON p.event = e.id";

/// The findings of every record, where records are merged.
const FINDINGS_OF_RECORDS: &str = "findings_of_records";

/// The derived tables of a case, ready for questions.
pub struct Tables {
    context: SessionContext,
    runtime: Runtime,
}

impl Tables {
    /// Opens the tables below a derived area.
    ///
    /// # Errors
    /// [`CaseError::NotDerived`], or the area cannot be opened.
    pub fn open(derived: &Derived, threads: usize) -> Result<Self, CaseError> {
        Self::open_under(derived, threads, &Corrections::read(derived)?)
    }

    /// The same, with other things set right than those that the tables were derived under.
    pub(crate) fn open_under(
        derived: &Derived,
        threads: usize,
        corrections: &Corrections,
    ) -> Result<Self, CaseError> {
        if derived.read("readings.parquet")?.is_none() {
            return Err(CaseError::NotDerived);
        }
        let tables = Self::empty(derived, threads).map_err(refused)?;
        let store = derived.store()?;
        let url = STORE.parse().map_err(|error| refused(DataFusionError::External(Box::new(error))))?;
        tables.context.register_object_store(&url, store);
        tables.register("records", "events/", spine::schema()).map_err(refused)?;
        for function in words::all() {
            tables.context.register_udf(function);
        }
        for table in columns::ALL.iter().filter(|table| table.name != columns::FINDINGS.name) {
            tables.register(table.name, &table.path(), table.schema()).map_err(refused)?;
        }
        let aliases = derived.read(&columns::ALIASES.path())?.is_some();
        tables.register_merged(aliases, corrections).map_err(refused)?;
        tables.context.register_udf(presence_key());
        tables.runtime.block_on(tables.context.sql(SESSION_EVENTS)).map_err(refused)?;
        Ok(tables)
    }

    fn empty(derived: &Derived, threads: usize) -> Result<Self, DataFusionError> {
        let mut config = SessionConfig::new().with_target_partitions(threads).with_information_schema(true);
        // Text stays text: the views that Parquet would otherwise give mean nothing to our schemas.
        config.options_mut().execution.parquet.schema_force_view_types = false;
        // Wide columns (own fields) are decoded for rows that a condition leaves, not for all.
        config.options_mut().execution.parquet.pushdown_filters = true;
        let spill =
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![derived.scratch()]));
        let environment = RuntimeEnvBuilder::new()
            .with_memory_limit(MEMORY_MAX, 1.0)
            .with_disk_manager_builder(spill)
            .build_arc()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).build();
        let runtime = runtime.map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(Self { context: SessionContext::new_with_config_rt(config, environment), runtime })
    }

    /// `events` and `findings`: of records that are one event, one, and with what people set right.
    /// Where there is neither they are the tables as they lie there, at no cost.
    fn register_merged(&self, written: bool, corrections: &Corrections) -> Result<(), DataFusionError> {
        let aliases = columns::ALIASES;
        if written {
            self.register(aliases.name, &aliases.path(), aliases.schema())?;
        }
        let merged = written && self.has_rows(aliases.name)?;
        let from = |table: &str, id: &str, columns: &str| match merged {
            true => format!("SELECT {columns} FROM {table} t LEFT ANTI JOIN aliases a ON t.{id} = a.id"),
            false => format!("SELECT {columns} FROM {table} t"),
        };
        match (merged, corrections.is_empty()) {
            (false, true) => self.register("events", "events/", spine::schema())?,
            (_, true) => self.view("events", &from("records", "id", "t.*"))?,
            (_, false) => self.view("events", &from("records", "id", &corrections.columns()))?,
        }
        if !merged {
            return self.register("findings", "findings/", columns::FINDINGS.schema());
        }
        self.register(FINDINGS_OF_RECORDS, "findings/", columns::FINDINGS.schema())?;
        self.view("findings", &from(FINDINGS_OF_RECORDS, "event", "t.*"))
    }

    fn view(&self, name: &str, sql: &str) -> Result<(), DataFusionError> {
        let frame = self.runtime.block_on(self.context.sql(sql))?;
        self.context.register_table(name, frame.into_view()).map(drop)
    }

    fn has_rows(&self, table: &str) -> Result<bool, DataFusionError> {
        let found = self.runtime.block_on(async {
            self.context.sql(&format!("SELECT id FROM {table} LIMIT 1")).await?.collect().await
        })?;
        Ok(found.iter().any(|batch| batch.num_rows() > 0))
    }

    fn register(
        &self,
        name: &str,
        path: &str,
        schema: arrow_schema::SchemaRef,
    ) -> Result<(), DataFusionError> {
        let url = format!("{STORE}{path}");
        let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
        self.runtime.block_on(self.context.register_listing_table(name, url, options, Some(schema), None))
    }

    /// Whether it is known which records are one event.
    pub(crate) fn has_aliases(&self) -> bool {
        self.context.table_exist(columns::ALIASES.name).unwrap_or(false)
    }

    /// Runs a read-only query and hands over its batches in order.
    ///
    /// # Errors
    /// Where the query is refused or fails, or `each` does.
    pub fn each(
        &self,
        sql: &str,
        each: &mut dyn FnMut(&RecordBatch) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let read_only =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let mut stream = self.runtime.block_on(async {
            let frame = self.context.sql_with_options(sql, read_only).await.map_err(query_error)?;
            frame.execute_stream().await.map_err(query_error)
        })?;
        // The taker runs outside the runtime, so that it may put questions of its own.
        while let Some(batch) = self.runtime.block_on(stream.next()) {
            each(&batch.map_err(query_error)?)?;
        }
        Ok(())
    }

    /// Whether a question is about some of these tables and no other.
    pub(crate) fn asks_only(&self, sql: &str, names: &[&str]) -> bool {
        let Ok(frame) = self.runtime.block_on(self.context.sql(sql)) else { return false };
        let mut only = true;
        let seen = frame.logical_plan().apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                only &= names.contains(&scan.table_name.table());
            }
            Ok(TreeNodeRecursion::Continue)
        });
        seen.is_ok() && only
    }

    /// Whether there is such a table.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.context.table_exist(name).unwrap_or(false)
    }

    /// All rows of a query that is known to answer with few.
    ///
    /// # Errors
    /// As [`Self::each`].
    pub fn rows(&self, sql: &str) -> Result<Vec<Row>, SnapshotError> {
        rows_of(|take| self.each(sql, take))
    }
}

/// All rows that somebody hands over in batches.
pub(crate) fn rows_of(
    asked: impl FnOnce(analysis::Take<'_>) -> Result<(), SnapshotError>,
) -> Result<Vec<Row>, SnapshotError> {
    let mut rows = Vec::new();
    asked(&mut |batch| {
        rows.extend(Row::all(batch));
        Ok(())
    })?;
    Ok(rows)
}

/// `presence_key(source, host, verb, links)`: what events of one presence share.
fn presence_key() -> ScalarUDF {
    let links = spine::schema().field_with_name(spine::column::LINKS).map(|field| field.data_type().clone());
    let types = vec![DataType::Utf8, DataType::Utf8, DataType::Utf8, links.unwrap_or(DataType::Null)];
    let key = |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let [source, host, verb, links] = arrays.as_slice() else {
            return Err(DataFusionError::Plan("presence_key takes four arguments".to_owned()));
        };
        let keys = analysis::presence_keys(source, host, verb, links);
        Ok(ColumnarValue::Array(Arc::new(keys)))
    };
    create_udf("presence_key", types, DataType::Utf8, Volatility::Immutable, Arc::new(key))
}

fn query_error(error: DataFusionError) -> SnapshotError {
    SnapshotError::Query(error.strip_backtrace())
}

fn refused(error: DataFusionError) -> CaseError {
    query_error(error).into()
}
