//! What does Microsoft 365's unified audit log say of mailboxes?
//!
//! Purview's export: CSV, one file a day, whose column `AuditData` is a JSON object as Exchange and
//! the directory write it (Microsoft, "Office 365 Management Activity API schema"; "Use
//! MailItemsAccessed to investigate compromised accounts"). What the source does and does not say:
//! - **Bind** names messages. Accesses of one session, client, address and folder within two minutes
//!   are one record, written when the two minutes are over, with the time of the first access: so
//!   records are up to two minutes out of order. A message that the same session reads again within
//!   the hour **leaves nothing**.
//! - **Sync** names the folder, never the messages.
//! - **Throttling**: one record with `IsThrottled=True`, then no Bind for that mailbox while it
//!   lasts. Sync is still recorded.
//! - Background services have no `SessionId`.
//! - **Searches are not recorded by default** (`SearchQueryInitiatedExchange` must be switched on per
//!   mailbox): see [`SEARCHES`].
//! - Send names subject and attachments, not the recipients. `CreationTime` is UTC without a zone.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::rc::Rc;

use super::Observer;
use super::entra::{Apps, permissions, put_token, status};
use super::text::{Put, iso, number, number_of, record, upn};
use crate::act::{Act, Client, Deed, MailDeed, Refusal, Session};
use crate::court::{AccountId, Court, ItemId, Place};
use crate::files::Files;
use crate::gate::Sight;
use crate::moment::{DAY, HOUR, MINUTE, Moment, Span};

const SOURCE: &str = "m365";
/// Whether `SearchQueryInitiatedExchange` was added to the mailboxes' audit.
const SEARCHES: bool = false;
/// Bind accesses within so long are one record.
const WINDOW: Span = 2 * MINUTE;
/// The same access to the same message leaves no second record within so long.
const SUPPRESSED: Span = HOUR;
const HEAD: &[u8] =
    b"\xEF\xBB\xBFRecordId,CreationDate,RecordType,Operation,UserId,AuditData,AssociatedAdminUnits,AssociatedAdminUnitsNames\r\n";

/// One address, client and session at one mailbox and folder: what is aggregated.
type Key = (u64, AccountId, Rc<str>);

/// Accesses that will be one record.
struct Window {
    first: Moment,
    session: Rc<Session>,
    messages: Vec<(Rc<str>, u64)>,
    steps: Vec<u32>,
    throttled: bool,
    id: u64,
}

/// What the head of a record says.
struct Head<'a> {
    at: Moment,
    id: u64,
    kind: u64,
    operation: &'a str,
    workload: &'a str,
    /// Exchange's administration says "True", mailboxes "Succeeded".
    result: &'a str,
}

/// The tenant's audit.
pub struct M365 {
    seed: u64,
    apps: Apps,
    windows: BTreeMap<Key, Window>,
    /// The windows in the order in which they end.
    ends: VecDeque<(Moment, Key)>,
    /// When a message was last recorded, by context, mailbox and message.
    recorded: BTreeMap<(u64, AccountId, Rc<str>), Moment>,
    /// Mailboxes whose throttling has been recorded.
    throttled: Vec<AccountId>,
    /// Folders of the messages that are items.
    folders: BTreeMap<Box<str>, Box<str>>,
    /// Acts of the cloud so far, seen or not: ids do not depend on what is switched on.
    acts: u64,
    json: Vec<u8>,
    line: Vec<u8>,
}

impl M365 {
    /// The court's tenant.
    #[must_use]
    pub fn new(court: &Court) -> Self {
        let mut folders = BTreeMap::new();
        for holding in &court.holdings {
            let Place::Mailbox { folder, .. } = &holding.place else { continue };
            for item in holding.items.clone() {
                folders.insert(court.item(ItemId(item)).name.as_str().into(), folder.as_str().into());
            }
        }
        Self {
            seed: court.seed,
            apps: Apps::default(),
            windows: BTreeMap::new(),
            ends: VecDeque::new(),
            recorded: BTreeMap::new(),
            throttled: Vec::new(),
            folders,
            acts: 0,
            json: Vec::new(),
            line: Vec::new(),
        }
    }

    fn id(&self) -> u64 {
        number(&[self.seed, self.acts, 0x0365])
    }

    // ---- one record

    /// Begins the JSON of a record.
    fn begin(&mut self, court: &Court, session: &Session, head: &Head<'_>) {
        let json = &mut self.json;
        json.clear();
        json.put(r#"{"AppAccessContext":{"#);
        if !session.token.is_empty() && session.client != Client::Service {
            json.put(r#""AADSessionId":"#).json(&session.token).put(r#","ClientAppId":""#);
            self.apps.put_id_of(json, session);
            json.put(r#"","UniqueTokenId":""#);
            put_token(json, session);
            json.put("\"");
        }
        json.put(r#"},"CreationTime":""#);
        iso(json, head.at.civil())
            .put(r#"","Id":""#)
            .uuid(head.id)
            .put(r#"","Operation":"#)
            .json(head.operation);
        json.put(r#","OrganizationId":"#).json(&court.tenant).put(r#","RecordType":"#).num(head.kind);
        json.put(r#","ResultStatus":"#).json(head.result).put(r#","UserKey":""#);
        put_key(json, court, session.account);
        json.put(r#"","UserType":0,"Version":1,"Workload":"#).json(head.workload);
        json.put(r#","UserId":"#).json(upn(court, session.account));
    }

    /// What every record about access to a mailbox says of client and mailbox.
    fn mailbox(&mut self, court: &Court, session: &Session, mailbox: AccountId) {
        let json = &mut self.json;
        json.put(r#","AppId":""#);
        self.apps.put_id_of(json, session);
        json.put(r#"","ClientAppId":"","ClientIPAddress":"#)
            .json(&session.address)
            .put(r#","ClientInfoString":"#);
        match session.client {
            Client::Browser => json.json(&format!("Client=OWA;{};", session.agent)),
            Client::Desktop => json.put(r#""Client=MSExchangeRPC""#),
            Client::Api => json.json(&format!("Client=REST;{};", session.agent)),
            Client::Service => json.put(r#""Client=REST;Client=RESTSystem;;""#),
        };
        if session.client == Client::Desktop {
            json.put(r#","ClientProcessName":"OUTLOOK.EXE","ClientVersion":"16.0.17928.20114""#);
        }
        let own = session.account == mailbox;
        json.put(r#","ExternalAccess":false,"InternalLogonType":0,"LogonType":"#).put(if own {
            "0"
        } else {
            "2"
        });
        json.put(r#","LogonUserSid":""#);
        put_sid(json, self.seed, session.account);
        if !own {
            json.put(r#"","LogonUserDisplayName":"#)
                .json(&court.account(session.account).name)
                .put(r#","MailboxGuid":""#);
        } else {
            json.put(r#"","MailboxGuid":""#);
        }
        json.uuid(number(&[self.seed, u64::from(mailbox.0), 0x6B0C])).put(r#"","MailboxOwnerSid":""#);
        put_sid(json, self.seed, mailbox);
        json.put(r#"","MailboxOwnerUPN":"#).json(upn(court, mailbox));
    }

    /// How the access was made, which servers answered, in which session.
    fn operation(&mut self, court: &Court, session: &Session, access: Option<(&str, bool)>) {
        let json = &mut self.json;
        if let Some((kind, throttled)) = access {
            json.put(r#","OperationProperties":[{"Name":"MailAccessType","Value":"#).json(kind);
            json.put(r#"},{"Name":"IsThrottled","Value":"#)
                .json(if throttled { "True" } else { "False" })
                .put("}]");
        }
        json.put(r#","OrganizationName":"#).json(&court.netbios.to_ascii_lowercase());
        json.truncate(json.len() - 1);
        json.put(r#".onmicrosoft.com","OriginatingServer":"DB9PR0"#).num(1 + session.number % 9).put("MB");
        // Exchange writes the line break into the value.
        json.num(1000 + number(&[session.number, 1]) % 9000).put(r#" (15.20.7918.024)\r\n""#);
        if session.client != Client::Service {
            json.put(r#","SessionId":"#).json(&session.token);
        }
    }

    /// Ends the record and writes its row.
    fn write(
        &mut self,
        court: &Court,
        session: &Session,
        head: &Head<'_>,
        files: &mut Files,
        steps: &[u32],
    ) -> io::Result<()> {
        self.json.put("}");
        let line = &mut self.line;
        line.clear();
        line.uuid(head.id).put(",");
        iso(line, head.at.civil()).put(".0000000Z,").num(head.kind).put(",").csv(head.operation).put(",");
        line.csv(upn(court, session.account)).put(",\"");
        for part in self.json.split_inclusive(|byte| *byte == b'"') {
            line.extend_from_slice(part);
            if part.ends_with(b"\"") {
                line.push(b'"');
            }
        }
        line.put("\",,\r\n");
        let file = super::text::begun(files, &format!("m365/AuditLog_{}.csv", head.at.date()), HEAD)?;
        record(files, file, line, steps)
    }

    // ---- Bind

    fn read(
        &mut self,
        act: &Act,
        files: &Files,
        mailbox: AccountId,
        folder: &Rc<str>,
        messages: &[(Rc<str>, u64)],
    ) {
        let throttled = files.throttled(mailbox, act.at);
        let told = self.throttled.contains(&mailbox);
        if throttled && told {
            return;
        }
        if !throttled {
            self.throttled.retain(|other| *other != mailbox);
        }
        let context = context(&act.session);
        let key = (context, mailbox, folder.clone());
        for (message, bytes) in messages {
            let before = self.recorded.get(&(context, mailbox, message.clone()));
            if before.is_some_and(|before| act.at - *before < SUPPRESSED) {
                continue;
            }
            self.recorded.insert((context, mailbox, message.clone()), act.at);
            let id = number(&[self.seed, self.acts, 0x0365]);
            let window = self.windows.entry(key.clone()).or_insert_with(|| {
                self.ends.push_back((act.at + WINDOW, key.clone()));
                let session = act.session.clone();
                Window {
                    first: act.at,
                    session,
                    messages: Vec::new(),
                    steps: Vec::new(),
                    throttled: false,
                    id,
                }
            });
            window.messages.push((message.clone(), *bytes));
            window.throttled |= throttled;
            window.steps.extend(act.step.filter(|step| !window.steps.contains(step)));
        }
        // The access that goes over the limit is the last one to be recorded.
        if throttled && self.windows.get(&key).is_some_and(|window| window.throttled) {
            self.throttled.push(mailbox);
        }
    }

    fn write_ended(&mut self, court: &Court, until: Moment, files: &mut Files) -> io::Result<()> {
        while let Some((_, key)) = self.ends.pop_front_if(|(end, _)| *end <= until) {
            if let Some(window) = self.windows.remove(&key) {
                self.bind(court, files, key.1, &key.2, &window)?;
            }
        }
        Ok(())
    }

    fn bind(
        &mut self,
        court: &Court,
        files: &mut Files,
        mailbox: AccountId,
        folder: &str,
        window: &Window,
    ) -> io::Result<()> {
        let session = &*window.session;
        let head = Head {
            at: window.first,
            id: window.id,
            kind: 50,
            operation: "MailItemsAccessed",
            workload: "Exchange",
            result: "Succeeded",
        };
        self.begin(court, session, &head);
        self.mailbox(court, session, mailbox);
        self.operation(court, session, Some(("Bind", window.throttled)));
        let json = &mut self.json;
        json.put(r#","Folders":[{"FolderItems":["#);
        for (at, (message, bytes)) in window.messages.iter().enumerate() {
            json.put(if at > 0 { r#",{"Id":"RgAAAA"# } else { r#"{"Id":"RgAAAA"# });
            json.letters(number(&[number_of(message), u64::from(mailbox.0)]), 32, BASE64)
                .put(r#"AAAB","InternetMessageId":"#);
            json.json(message).put(r#","SizeInBytes":"#).num(*bytes).put("}");
        }
        json.put(r#"],"Id":""#);
        put_folder(json, self.seed, mailbox, folder);
        json.put(r#"","Path":"#).json(&format!("\\{folder}")).put(r#"}],"OperationCount":"#);
        json.num(window.messages.len() as u64);
        self.write(court, session, &head, files, &window.steps)
    }

    // ---- the other operations of a mailbox

    fn sync(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        mailbox: AccountId,
        folder: &str,
    ) -> io::Result<()> {
        let head = self.head(act, 2, "MailItemsAccessed", "Succeeded");
        self.begin(court, &act.session, &head);
        self.mailbox(court, &act.session, mailbox);
        self.operation(court, &act.session, Some(("Sync", false)));
        let json = &mut self.json;
        json.put(r#","Item":{"Id":""#);
        put_folder(json, self.seed, mailbox, folder);
        json.put(r#"","ParentFolder":{"Id":""#);
        put_folder(json, self.seed, mailbox, folder);
        json.put(r#"","Name":"#)
            .json(folder)
            .put(r#","Path":"#)
            .json(&format!("\\{folder}"))
            .put(r#"}},"OperationCount":1"#);
        self.write(court, &act.session, &head, files, act.step.as_slice())
    }

    fn send(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        mailbox: AccountId,
        mail: Sent<'_>,
    ) -> io::Result<()> {
        let head = self.head(act, 2, "Send", "Succeeded");
        self.begin(court, &act.session, &head);
        self.mailbox(court, &act.session, mailbox);
        self.operation(court, &act.session, None);
        let json = &mut self.json;
        json.put(r#","ClientIP":"#).json(&act.session.address).put(r#","Item":{"#);
        if !mail.attached.is_empty() {
            let share = mail.bytes / mail.attached.len() as u64;
            let size = |item: &Option<ItemId>| item.map_or(share, |item| court.item(item).bytes);
            let names = mail.attached.iter().map(|(name, item)| format!("{name} ({}b)", size(item)));
            json.put(r#""Attachments":"#).json(&names.collect::<Vec<_>>().join("; ")).put(",");
        }
        json.put(r#""Id":"Unknown","InternetMessageId":"#).json(mail.id).put(r#","ParentFolder":{"Id":""#);
        put_folder(json, self.seed, mailbox, "Drafts");
        json.put(r#"","Path":"\\Drafts"},"SizeInBytes":"#)
            .num(mail.bytes)
            .put(r#","Subject":"#)
            .json(mail.subject);
        json.put(r#"},"SaveToSentItems":true"#);
        self.write(court, &act.session, &head, files, act.step.as_slice())
    }

    fn delete(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        mailbox: AccountId,
        mail: [&str; 2],
    ) -> io::Result<()> {
        let hard = act.session.client == Client::Api;
        let head = self.head(act, 3, if hard { "HardDelete" } else { "MoveToDeletedItems" }, "Succeeded");
        self.begin(court, &act.session, &head);
        self.mailbox(court, &act.session, mailbox);
        self.operation(court, &act.session, None);
        let folder = self.folders.get(mail[0]).map_or("Inbox", |folder| folder);
        let json = &mut self.json;
        json.put(r#","AffectedItems":[{"Id":"RgAAAA"#).letters(number_of(mail[0]), 32, BASE64);
        json.put(r#"AAAB","InternetMessageId":"#).json(mail[0]).put(r#","ParentFolder":{"Id":""#);
        put_folder(json, self.seed, mailbox, folder);
        json.put(r#"","Path":"#).json(&format!("\\{folder}")).put(r#"},"Subject":"#).json(mail[1]);
        json.put(r#"}],"CrossMailboxOperation":false"#);
        if !hard {
            json.put(r#","DestFolder":{"Id":""#);
            put_folder(json, self.seed, mailbox, "Deleted Items");
            json.put(r#"","Path":"\\Deleted Items"}"#);
        }
        json.put(r#","Folder":{"Id":""#);
        put_folder(json, self.seed, mailbox, folder);
        json.put(r#"","Path":"#).json(&format!("\\{folder}")).put("}");
        self.write(court, &act.session, &head, files, act.step.as_slice())
    }

    /// A rule with words is an inbox rule; one without is a forwarding address of the mailbox.
    fn rule(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        mailbox: AccountId,
        rule: [&str; 3],
    ) -> io::Result<()> {
        let [name, forward, words] = rule;
        let whole = words.is_empty() && !forward.is_empty();
        let head = self.head(act, 1, if whole { "Set-Mailbox" } else { "New-InboxRule" }, "True");
        let owner = upn(court, mailbox);
        self.begin(court, &act.session, &head);
        self.operation(court, &act.session, None);
        let json = &mut self.json;
        json.put(r#","ClientIP":"#)
            .json(&format!("{}:{}", act.session.address, act.session.port))
            .put(r#","AppId":""#);
        self.apps.put_id_of(json, &act.session);
        json.put(r#"","ExternalAccess":false,"ObjectId":"#);
        json.json(&if whole { owner.to_owned() } else { format!("{owner}\\{name}") })
            .put(r#","Parameters":["#);
        if whole {
            parameter(json, "Identity", owner).put(",");
            parameter(json, "ForwardingSmtpAddress", &format!("smtp:{forward}")).put(",");
            parameter(json, "DeliverToMailboxAndForward", "True");
        } else {
            parameter(json, "AlwaysDeleteOutlookRulesBlob", "False").put(",");
            parameter(json, "Force", "False").put(",");
            if !forward.is_empty() {
                parameter(json, "ForwardTo", forward).put(",");
            }
            parameter(json, "SubjectOrBodyContainsWords", words).put(",");
            parameter(json, "Name", name).put(",");
            parameter(json, "StopProcessingRules", "True");
        }
        json.put("]");
        self.write(court, &act.session, &head, files, act.step.as_slice())
    }

    fn search(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        mailbox: AccountId,
        terms: &str,
    ) -> io::Result<()> {
        let head = self.head(act, 2, "SearchQueryInitiatedExchange", "Succeeded");
        self.begin(court, &act.session, &head);
        self.mailbox(court, &act.session, mailbox);
        self.operation(court, &act.session, None);
        self.json.put(r#","QueryText":"#).json(terms).put(r#","QuerySource":"OWA""#);
        self.write(court, &act.session, &head, files, act.step.as_slice())
    }

    // ---- the directory's records in the same log

    fn consent(&mut self, court: &Court, act: &Act, files: &mut Files, app: [&str; 3]) -> io::Result<()> {
        let mut head = self.head(act, 8, "Consent to application.", "Success");
        head.workload = "AzureActiveDirectory";
        self.begin(court, &act.session, &head);
        let json = &mut self.json;
        json.put(r#","ObjectId":"#)
            .json(app[1])
            .put(r#","AzureActiveDirectoryEventType":1,"ExtendedProperties":["#);
        json.put(r#"{"Name":"additionalDetails","Value":"#);
        json.json(&format!(r#"{{"User-Agent":"EvoSTS","AppId":"{}"}}"#, app[1]))
            .put("}],\"ModifiedProperties\":[");
        for (at, (name, value)) in [
            ("ConsentContext.IsAdminConsent", "False"),
            ("ConsentContext.OnBehalfOfAll", "False"),
            ("ConsentAction.Permissions", &*permissions(court, act, app[2])),
            ("TargetId.ServicePrincipalNames", app[1]),
        ]
        .into_iter()
        .enumerate()
        {
            json.put(if at > 0 { r#",{"Name":"# } else { r#"{"Name":"# }).json(name).put(r#","NewValue":"#);
            json.json(value).put(r#","OldValue":""}"#);
        }
        json.put(r#"],"Actor":[{"ID":"#)
            .json(upn(court, act.session.account))
            .put(r#","Type":5}],"ActorIpAddress":"#);
        json.json(&act.session.address).put(r#","Target":[{"ID":"#).json(app[0]).put(r#","Type":1},{"ID":"#);
        json.json(app[1]).put(r#","Type":2}]"#);
        self.write(court, &act.session, &head, files, act.step.as_slice())
    }

    fn sign_in(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        app: &str,
        refused: Option<Refusal>,
    ) -> io::Result<()> {
        let operation = if refused.is_some() { "UserLoginFailed" } else { "UserLoggedIn" };
        // "Success" stands there even when the login failed: the outcome is in ErrorNumber.
        let mut head = self.head(act, 15, operation, "Success");
        head.workload = "AzureActiveDirectory";
        let session = &act.session;
        self.begin(court, session, &head);
        let json = &mut self.json;
        json.put(r#","ClientIP":"#)
            .json(&session.address)
            .put(r#","ObjectId":"00000002-0000-0ff1-ce00-000000000000""#);
        json.put(r#","AzureActiveDirectoryEventType":1,"ExtendedProperties":[{"Name":"ResultStatusDetail","Value":"Success"},"#);
        json.put(r#"{"Name":"UserAgent","Value":"#).json(&session.agent);
        json.put(
            r#"},{"Name":"RequestType","Value":"OAuth2:Authorize"}],"ModifiedProperties":[],"Actor":[{"ID":"#,
        );
        json.json(&court.account(session.account).object)
            .put(r#","Type":0},{"ID":"#)
            .json(upn(court, session.account));
        json.put(r#","Type":5}],"ActorContextId":"#)
            .json(&court.tenant)
            .put(r#","ActorIpAddress":"#)
            .json(&session.address)
            .put(r#","InterSystemsId":""#);
        json.uuid(number(&[head.id, 7])).put(r#"","IntraSystemId":""#).uuid(head.id).put(
            r#"","SupportTicketId":"","Target":[{"ID":"00000002-0000-0ff1-ce00-000000000000","Type":0}],"#,
        );
        json.put(r#""DeviceProperties":[{"Name":"SessionId","Value":"#)
            .json(&session.token)
            .put(r#"}],"ApplicationId":""#);
        self.apps.put_id(json, app);
        json.put(r#"","ErrorNumber":""#).num(status(refused, true).0).put("\"");
        match refused {
            Some(Refusal::Password) => json.put(r#","LogonError":"InvalidUserNameOrPassword""#),
            Some(Refusal::Unknown) => json.put(r#","LogonError":"UserAccountNotFound""#),
            Some(Refusal::Disabled) => json.put(r#","LogonError":"UserDisabled""#),
            Some(Refusal::SecondFactor) => json.put(r#","LogonError":"AuthenticationFailedSasError""#),
            None => json,
        };
        self.write(court, session, &head, files, act.step.as_slice())
    }

    fn head<'a>(&self, act: &Act, kind: u64, operation: &'a str, result: &'a str) -> Head<'a> {
        Head { at: act.at, id: self.id(), kind, operation, workload: "Exchange", result }
    }

    fn mail(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        mailbox: AccountId,
        deed: &MailDeed,
    ) -> io::Result<()> {
        match deed {
            MailDeed::Read { folder, messages } => {
                self.read(act, files, mailbox, folder, messages);
                Ok(())
            }
            MailDeed::Sync { folder, .. } => self.sync(court, act, files, mailbox, folder),
            MailDeed::Search { terms } if SEARCHES => self.search(court, act, files, mailbox, terms),
            MailDeed::Search { .. } => Ok(()),
            MailDeed::Send { id, subject, attached, bytes, .. } => {
                self.send(court, act, files, mailbox, Sent { id, subject, attached, bytes: *bytes })
            }
            MailDeed::Rule { name, forward, words } => {
                self.rule(court, act, files, mailbox, [name, forward.as_deref().unwrap_or(""), words])
            }
            MailDeed::Delete { id, subject } => self.delete(court, act, files, mailbox, [id, subject]),
        }
    }
}

/// What a record of sending says of the message.
struct Sent<'a> {
    id: &'a str,
    subject: &'a str,
    attached: &'a [(Rc<str>, Option<ItemId>)],
    bytes: u64,
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What must be equal for a repeat to be suppressed: session, address, client.
fn context(session: &Session) -> u64 {
    number(&[
        number_of(&session.token),
        number_of(&session.address),
        number_of(&session.agent),
        session.client as u64,
    ])
}

fn parameter<'a>(json: &'a mut Vec<u8>, name: &str, value: &str) -> &'a mut Vec<u8> {
    json.put(r#"{"Name":"#).json(name).put(r#","Value":"#).json(value).put("}")
}

fn put_folder(json: &mut Vec<u8>, seed: u64, mailbox: AccountId, folder: &str) {
    json.put("LgAAAA")
        .letters(number(&[seed, u64::from(mailbox.0), number_of(folder)]), 36, BASE64)
        .put("AAAB");
}

fn put_sid(json: &mut Vec<u8>, seed: u64, account: AccountId) {
    // Exchange Online has a directory of its own: not the SID of the court's.
    json.put("S-1-5-21-")
        .num(number(&[seed, 1]) & 0xFFFF_FFFF)
        .put("-")
        .num(number(&[seed, 2]) & 0xFFFF_FFFF);
    json.put("-").num(number(&[seed, 3]) & 0xFFFF_FFFF).put("-").num(25_000_000 + u64::from(account.0));
}

fn put_key(json: &mut Vec<u8>, court: &Court, account: AccountId) {
    json.put("10032002").hex(number(&[court.seed, u64::from(account.0), 0x9D]), 8);
}

impl Observer for M365 {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        self.write_ended(court, act.at, files)?;
        let cloud = matches!(act.deed, Deed::Mail { .. } | Deed::Consent { .. } | Deed::SignIn { .. });
        if !cloud {
            return Ok(());
        }
        self.acts += 1;
        self.apps.note(act);
        if files.sight(SOURCE, None, act.at) != Sight::Seen {
            return Ok(());
        }
        match &act.deed {
            Deed::Mail { mailbox, deed } => self.mail(court, act, files, *mailbox, deed),
            Deed::Consent { app, id, scopes } => self.consent(court, act, files, [app, id, scopes]),
            Deed::SignIn { app, interactive: true, refused } => {
                self.sign_in(court, act, files, app, *refused)
            }
            _ => Ok(()),
        }
    }

    fn day_over(&mut self, court: &Court, day: Moment, files: &mut Files) -> io::Result<()> {
        let end = day + DAY;
        self.write_ended(court, end, files)?;
        self.recorded.retain(|_, at| *at > end - SUPPRESSED);
        Ok(())
    }

    fn finish(&mut self, court: &Court, files: &mut Files) -> io::Result<()> {
        self.write_ended(court, Moment(i64::MAX), files)
    }
}
