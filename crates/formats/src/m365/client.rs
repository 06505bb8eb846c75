//! Through what kind of program was it done, by what it calls itself?
//!
//! The tables lie in `facts/m365_clients.toml`; each row cites where it was looked up. What a program
//! calls itself is its own statement: an intruder may write what he likes.

use std::sync::LazyLock;

use assize_model::spine::Client;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Table {
    client: Vec<Row>,
    agent: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    text: String,
    client: String,
    #[serde(default)]
    background: bool,
}

impl Row {
    fn kind(&self) -> Option<Client> {
        Client::ALL.iter().copied().find(|kind| kind.as_str() == self.client)
    }
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("../../../../facts/m365_clients.toml")).unwrap_or_default());

/// By `ClientInfoString`; with a session, a row for background services does not hold.
pub(super) fn of_mailbox(info: &str, session: bool) -> Option<(Client, bool)> {
    let says = |row: &&Row| info.split(';').any(|part| part.trim().eq_ignore_ascii_case(&row.text));
    let row = TABLE.client.iter().filter(|row| !(row.background && session)).find(says)?;
    Some((row.kind()?, row.background))
}

/// By a user agent; the first row whose text stands in it.
pub(crate) fn of_agent(agent: &str) -> Option<Client> {
    let agent = agent.to_ascii_lowercase();
    TABLE.agent.iter().find(|row| agent.contains(&row.text))?.kind()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_its_words_are_the_spines() {
        assert!(TABLE.client.len() > 10 && TABLE.agent.len() > 10);
        for row in TABLE.client.iter().chain(&TABLE.agent) {
            assert!(row.kind().is_some(), "{}", row.client);
        }
        assert!(TABLE.agent.iter().all(|row| row.text == row.text.to_ascii_lowercase()));
    }

    #[test]
    fn what_programs_call_themselves() {
        let system = "Client=REST;Client=RESTSystem;;";
        assert_eq!(of_mailbox(system, false), Some((Client::Service, true)));
        assert_eq!(of_mailbox(system, true), Some((Client::Api, false)), "with a session it is somebody's");
        assert_eq!(
            of_mailbox("Client=OWA;Mozilla/5.0 (Windows NT 10.0; Win64; x64)", true),
            Some((Client::Browser, false))
        );
        assert_eq!(of_mailbox("Client=Hub Transport", false), Some((Client::Service, true)));
        assert_eq!(of_mailbox("Client=Something", false), None);
        assert_eq!(of_agent("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/128"), Some(Client::Browser));
        assert_eq!(of_agent("Microsoft SkyDriveSync 24.1.1 ship; Windows NT 10.0"), Some(Client::Sync));
        assert_eq!(of_agent("python-requests/2.31"), Some(Client::Api));
        assert_eq!(of_agent("My Own Thing"), None);
    }
}
