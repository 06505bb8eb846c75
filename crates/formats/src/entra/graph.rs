//! What does a request to Microsoft Graph ask for?
//!
//! Graph's activity log names method, address and status of each request, not what was returned. What
//! is asked for follows from the address as the reference of Graph's interface gives it:
//! <https://learn.microsoft.com/graph/api/overview>. What is not told apart here is a `query`.

use assize_model::spine::{ObjectKind as Kind, Scope, Verb};

/// Verb, kind of object and whether one thing or all of a collection is asked for.
pub(super) fn of(method: &str, uri: &str) -> (Verb, Kind, Scope) {
    let path = path(uri).to_ascii_lowercase();
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let last = steps.last().copied().unwrap_or("");
    let kind = kind(&steps);
    let scope = if is_collection(last) { Scope::Container } else { Scope::Item };
    let verb = match (method.to_ascii_uppercase().as_str(), last) {
        ("POST", "query") if steps.contains(&"search") => Verb::Search,
        ("POST", "sendmail" | "send" | "forward" | "reply" | "replyall") => Verb::Send,
        ("POST", "addpassword" | "addkey") => return (Verb::Create, Kind::Key, Scope::Item),
        ("POST" | "PATCH" | "PUT", _) if steps.contains(&"messagerules") => Verb::ConfigChange,
        ("POST", "approleassignments" | "approleassignedto" | "oauth2permissiongrants") => Verb::Grant,
        ("POST", "createlink" | "invite") => Verb::Share,
        ("POST", "copy") => Verb::Copy,
        ("POST", "move") => Verb::Move,
        ("POST", "$batch") => Verb::Other,
        ("POST", "getschedule" | "delta") => Verb::Query,
        ("POST", _) => Verb::Create,
        ("PATCH" | "PUT", _) => Verb::Write,
        ("DELETE", _) => Verb::Delete,
        // Content as it is stored.
        ("GET", "content" | "$value") => Verb::Download,
        ("GET", "children" | "mailfolders" | "root" | "drives" | "sites" | "lists") => Verb::List,
        // A collection of messages comes with their text unless the request asks for less.
        ("GET", _) if kind == Kind::Message || kind == Kind::File => Verb::Read,
        ("GET" | "HEAD", _) => Verb::Query,
        _ => Verb::Other,
    };
    (verb, kind, scope)
}

fn path(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    rest.split(['?', '#']).next().unwrap_or("")
}

/// Whether the last step of an address is the name of many things.
fn is_collection(last: &str) -> bool {
    matches!(
        last,
        "messages"
            | "attachments"
            | "children"
            | "mailfolders"
            | "users"
            | "groups"
            | "drives"
            | "sites"
            | "lists"
            | "items"
            | "applications"
            | "serviceprincipals"
            | "members"
            | "events"
            | "contacts"
            | "delta"
            | "chats"
    )
}

fn kind(steps: &[&str]) -> Kind {
    let has = |step: &str| steps.contains(&step);
    if has("messages") || has("attachments") || has("sendmail") || has("chats") {
        Kind::Message
    } else if has("mailfolders") {
        Kind::Folder
    } else if has("messagerules") || has("mailboxsettings") {
        Kind::Mailbox
    } else if has("children") {
        Kind::Folder
    } else if has("content")
        || steps.iter().any(|step| step.starts_with("root:"))
        || (has("drive") || has("drives")) && has("items")
    {
        Kind::File
    } else if has("sites") {
        Kind::Site
    } else if has("applications")
        || has("serviceprincipals")
        || has("oauth2permissiongrants")
        || has("approleassignments")
    {
        Kind::Application
    } else if has("groups") {
        Kind::Group
    } else if has("users") || has("me") {
        Kind::Account
    } else {
        Kind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        for (method, uri, verb, kind, scope) in [
            (
                "GET",
                "https://graph.microsoft.com/v1.0/users/a/messages?$top=50",
                Verb::Read,
                Kind::Message,
                Scope::Container,
            ),
            (
                "GET",
                "https://graph.microsoft.com/v1.0/me/messages/AAMk",
                Verb::Read,
                Kind::Message,
                Scope::Item,
            ),
            (
                "GET",
                "https://graph.microsoft.com/v1.0/me/messages/AAMk/$value",
                Verb::Download,
                Kind::Message,
                Scope::Item,
            ),
            (
                "GET",
                "https://graph.microsoft.com/v1.0/drives/b/items/01/content",
                Verb::Download,
                Kind::File,
                Scope::Item,
            ),
            (
                "GET",
                "https://graph.microsoft.com/v1.0/me/drive/root/children",
                Verb::List,
                Kind::Folder,
                Scope::Container,
            ),
            ("GET", "https://graph.microsoft.com/beta/users", Verb::Query, Kind::Account, Scope::Container),
            ("POST", "https://graph.microsoft.com/v1.0/search/query", Verb::Search, Kind::Other, Scope::Item),
            ("POST", "https://graph.microsoft.com/v1.0/me/sendMail", Verb::Send, Kind::Message, Scope::Item),
            (
                "POST",
                "https://graph.microsoft.com/v1.0/applications/c/addPassword",
                Verb::Create,
                Kind::Key,
                Scope::Item,
            ),
            (
                "POST",
                "https://graph.microsoft.com/v1.0/me/mailFolders/inbox/messageRules",
                Verb::ConfigChange,
                Kind::Folder,
                Scope::Item,
            ),
            ("DELETE", "https://graph.microsoft.com/v1.0/users/d", Verb::Delete, Kind::Account, Scope::Item),
            ("", "", Verb::Other, Kind::Other, Scope::Item),
        ] {
            assert_eq!(of(method, uri), (verb, kind, scope), "{method} {uri}");
        }
    }
}
