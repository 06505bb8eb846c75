//! What do the words of HTTP mean in the spine's?
//!
//! Shared by what logs requests: web servers, proxies, the network monitor. Nothing here reads a log.

use assize_model::spine::{Client, Outcome, Verb};

/// What a client does to somebody else's server: what goes with a request is uploaded.
pub(crate) fn verb_outward(method: &str, body: u64) -> Verb {
    match method {
        "POST" | "PUT" | "PATCH" => Verb::Upload,
        "GET" if body > 0 => Verb::Upload,
        _ => verb_inward(method),
    }
}

/// What somebody does on a server of ours. RFC 9110, 9.3; RFC 4918, 9 (WebDAV).
pub(crate) fn verb_inward(method: &str) -> Verb {
    match method {
        "GET" => Verb::Read,
        "POST" | "PUT" | "PATCH" | "PROPPATCH" => Verb::Write,
        "HEAD" | "OPTIONS" | "PROPFIND" => Verb::List,
        "DELETE" => Verb::Delete,
        "MOVE" => Verb::Move,
        "COPY" => Verb::Copy,
        "MKCOL" => Verb::Create,
        "SEARCH" | "REPORT" => Verb::Search,
        "CONNECT" => Verb::Connect,
        _ => Verb::Other,
    }
}

/// A status code, RFC 9110, 15. A redirection says where to ask, not whether it will be given; 304 gives
/// what the client has already. 499 (nginx): the client left before there was an answer.
pub(crate) fn outcome(status: &str) -> Outcome {
    match status.as_bytes() {
        [b'2', _, _] | b"304" => Outcome::Success,
        b"401" | b"403" | b"407" | b"511" => Outcome::Denied,
        b"499" => Outcome::Unknown,
        [b'4' | b'5', _, _] => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

/// Programs by the word their name begins with, in lower case.
const PROGRAMS: &[(&str, Client)] = &[
    ("curl/", Client::Api),
    ("wget/", Client::Api),
    ("python-", Client::Api),
    ("python/", Client::Api),
    ("go-http-client", Client::Api),
    ("java/", Client::Api),
    ("okhttp", Client::Api),
    ("axios/", Client::Api),
    ("node", Client::Api),
    ("libwww-perl", Client::Api),
    ("aiohttp", Client::Api),
    ("postmanruntime", Client::Api),
    ("rclone/", Client::Sync),
    ("mozilla/", Client::Browser),
    ("opera/", Client::Browser),
];

/// What a program calls itself; anybody may call himself anything.
pub(crate) fn client(agent: &str) -> Client {
    let begins = |word: &str| {
        agent.len() >= word.len() && agent.as_bytes()[..word.len()].eq_ignore_ascii_case(word.as_bytes())
    };
    let found = PROGRAMS.iter().find(|(word, _)| begins(word)).map(|(_, client)| *client);
    match found {
        // Crawlers and shells call themselves Mozilla too, and say in brackets what they are.
        Some(Client::Browser) if agent.contains("owerShell/") => Client::Api,
        Some(Client::Browser) if agent.contains("bot") || agent.contains("Bot") => Client::Service,
        Some(client) => client,
        None => Client::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_http() {
        assert_eq!((verb_outward("PUT", 0), verb_inward("PUT")), (Verb::Upload, Verb::Write));
        assert_eq!((verb_outward("GET", 0), verb_inward("PROPFIND")), (Verb::Read, Verb::List));
        let outcomes = ["200", "206", "304", "302", "401", "403", "404", "500", "499", "000", "-", "2"];
        let words: Vec<&str> = outcomes.iter().map(|status| outcome(status).as_str()).collect();
        assert_eq!(
            words,
            [
                "success", "success", "success", "unknown", "denied", "denied", "failure", "failure",
                "unknown", "unknown", "unknown", "unknown"
            ]
        );
        assert_eq!(client("Mozilla/5.0 (X11; Linux)"), Client::Browser);
        assert_eq!(client("Mozilla/5.0 (compatible; Googlebot/2.1)"), Client::Service);
        assert_eq!(client("CURL/8.5"), Client::Api);
        assert_eq!((client("-"), client("é")), (Client::Unknown, Client::Unknown));
    }
}
