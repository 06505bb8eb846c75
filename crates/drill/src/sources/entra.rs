//! What do the directory's logs in the cloud say of sign-ins and consents?
//!
//! JSON lines of Microsoft Graph's resources [`signIn`](https://learn.microsoft.com/graph/api/resources/signin)
//! (beta, which has the session and the token) and
//! [`directoryAudit`](https://learn.microsoft.com/graph/api/resources/directoryaudit). Times are UTC
//! to the second. The country comes from the address alone, as a provider of such tables sees it:
//! sometimes wrong, and the same for whoever uses the address.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use super::Observer;
use super::text::{Put, iso, mix, number, number_of, record, upn};
use crate::act::{Act, Client, Deed, Refusal, Session};
use crate::court::{AccountKind, Court, HostKind};
use crate::files::Files;
use crate::gate::Sight;

const SIGN_INS: &str = "entra/signin";
const AUDITS: &str = "entra/audit";

/// First-party applications: display name and id (Microsoft, "Verify first-party Microsoft applications").
const KNOWN: &[(&str, &str)] = &[
    ("Azure Portal", "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"),
    ("Microsoft Authentication Broker", "29d9ed98-a469-4536-ade2-f981bc1d605e"),
    ("Microsoft Azure PowerShell", "1950a258-227b-4e31-a9cf-717495945fc2"),
    ("Microsoft Office", "d3590ed6-52b3-4102-aeff-aad2292ab01c"),
    ("Microsoft Outlook", "d3590ed6-52b3-4102-aeff-aad2292ab01c"),
    ("Microsoft Teams", "1fec8e78-bce4-4aaf-ab1b-5451cc387264"),
    ("Office 365 Exchange Online", "00000002-0000-0ff1-ce00-000000000000"),
    ("Office 365 SharePoint Online", "00000003-0000-0ff1-ce00-000000000000"),
    ("OfficeHome", "4765445b-32c6-49b0-83e6-1d93765276ca"),
    ("One Outlook Web", "9199bf20-a13f-4107-85dc-02114787ef48"),
    ("Outlook Mobile", "27922004-5251-4030-b22d-91ecd9a37ea4"),
];
/// Where addresses that nobody has told us about seem to be.
const ELSEWHERE: &[[&str; 5]] = &[
    ["Amsterdam", "Noord-Holland", "NL", "52.37403", "4.88969"],
    ["Frankfurt am Main", "Hessen", "DE", "50.11552", "8.68417"],
    ["Paris", "Paris", "FR", "48.85341", "2.3488"],
    HOME,
    ["Bucuresti", "Bucuresti", "RO", "44.43225", "26.10626"],
    ["London", "England", "GB", "51.50853", "-0.12574"],
    ["Ashburn", "Virginia", "US", "39.04372", "-77.48749"],
];
/// Where the staff live: city, region, country, latitude, longitude.
const HOME: [&str; 5] = ["'s-Gravenhage", "Zuid-Holland", "NL", "52.07667", "4.29861"];

/// Ids of applications by display name, as they have become known.
#[derive(Default)]
pub(super) struct Apps {
    consented: BTreeMap<Rc<str>, Rc<str>>,
    /// Which app the sessions that programs opened are of.
    programs: BTreeMap<u64, Rc<str>>,
}

impl Apps {
    /// Learns from sign-ins and consents.
    pub(super) fn note(&mut self, act: &Act) {
        match &act.deed {
            Deed::Consent { app, id, .. } => {
                self.consented.insert(app.clone(), id.clone());
            }
            Deed::SignIn { app, .. } if act.session.client == Client::Api => {
                self.programs.insert(act.session.number, app.clone());
            }
            _ => {}
        }
    }

    /// Writes the id of the app of that name.
    pub(super) fn put_id(&self, line: &mut Vec<u8>, app: &str) {
        let known = KNOWN.iter().find(|(name, _)| *name == app).map(|(_, id)| *id);
        match known.or_else(|| self.consented.get(app).map(|id| &**id)) {
            Some(id) => line.put(id),
            None => line.uuid(number_of(app)),
        };
    }

    /// Writes the id of the app that a session is of, as mail records give it.
    pub(super) fn put_id_of(&self, line: &mut Vec<u8>, session: &Session) {
        let app = match session.client {
            Client::Browser => "Office 365 Exchange Online",
            Client::Desktop => "Microsoft Office",
            Client::Service => "Exchange background",
            Client::Api => self.programs.get(&session.number).map_or(&*session.agent, |app| app),
        };
        self.put_id(line, app);
    }
}

/// Writes the id of the token that a session was given: the same in mail records, sign-ins and Graph.
pub(super) fn put_token(line: &mut Vec<u8>, session: &Session) {
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    line.letters(number(&[session.number, 0x70_4E11]), 22, URL);
}

/// The directory in the cloud.
pub struct Entra {
    apps: Apps,
    /// City, region and country of addresses; the last part of an address does not matter.
    places: BTreeMap<String, [String; 5]>,
    seed: u64,
    /// Acts of the cloud so far, seen or not: ids do not depend on what is switched on.
    acts: u64,
    line: Vec<u8>,
}

impl Entra {
    /// The court's tenant.
    #[must_use]
    pub fn new(court: &Court) -> Self {
        let mut places = BTreeMap::new();
        for person in &court.people {
            let home = HOME.map(str::to_owned);
            places.entry(network(&person.home_address).to_owned()).or_insert(home);
            for trip in &person.trips {
                let there = [&*trip.place, "", &*trip.country, "null", "null"].map(str::to_owned);
                places.insert(trip.address.clone(), there.clone());
                places.insert(network(&trip.address).to_owned(), there);
            }
        }
        Self { apps: Apps::default(), places, seed: court.seed, acts: 0, line: Vec::new() }
    }

    fn id(&self, what: u64) -> u64 {
        number(&[self.seed, self.acts, what])
    }

    fn put_location(&mut self, address: &str) {
        let known = self.places.get(address).or_else(|| self.places.get(network(address)));
        let elsewhere = ELSEWHERE[(mix(number_of(network(address))) % ELSEWHERE.len() as u64) as usize];
        let [city, state, country, latitude, longitude] = match known {
            Some(known) => known.each_ref().map(String::as_str),
            None => elsewhere,
        };
        let line = &mut self.line;
        line.put(r#""location":{"city":"#).json(city).put(r#","state":"#).json(state);
        line.put(r#","countryOrRegion":"#)
            .json(country)
            .put(r#","geoCoordinates":{"altitude":null,"latitude":"#);
        line.put(latitude).put(r#","longitude":"#).put(longitude).put("}}");
    }

    fn sign_in(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        what: (&str, bool, Option<Refusal>),
    ) -> io::Result<()> {
        let (app, interactive, refused) = what;
        let session = &act.session;
        let account = court.account(session.account);
        let (code, why, detail) = status(refused, interactive);
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        line.put(r#"{"id":""#).uuid(self.id(1)).put(r#"","createdDateTime":""#);
        iso(&mut line, act.at.civil()).put(r#"Z","userDisplayName":"#).json(&display_name(court, act));
        line.put(r#","userPrincipalName":"#).json(upn(court, session.account)).put(r#","userId":"#);
        line.json(&account.object).put(r#","appId":""#);
        self.apps.put_id(&mut line, app);
        line.put(r#"","appDisplayName":"#).json(app).put(r#","ipAddress":"#).json(&session.address);
        line.put(r#","clientAppUsed":"#).json(match session.client {
            Client::Browser => "Browser",
            Client::Desktop | Client::Api | Client::Service => "Mobile Apps and Desktop clients",
        });
        line.put(r#","userAgent":"#).json(&session.agent).put(r#","correlationId":""#).uuid(self.id(2));
        line.put(r#"","conditionalAccessStatus":"#).json(if code == 0 { "success" } else { "notApplied" });
        line.put(r#","isInteractive":"#).put(if interactive { "true" } else { "false" });
        line.put(r#","signInEventTypes":[""#).put(if interactive {
            "interactiveUser"
        } else {
            "nonInteractiveUser"
        });
        line.put(r#""],"authenticationRequirement":"multiFactorAuthentication","incomingTokenType":"#);
        line.json(if interactive { "none" } else { "refreshToken" });
        line.put(r#","tokenIssuerType":"AzureAD","sessionId":"#).json(&session.token);
        line.put(r#","uniqueTokenIdentifier":""#);
        put_token(&mut line, session);
        line.put(r#"","riskDetail":"none","riskLevelAggregated":"none","riskLevelDuringSignIn":"none","riskState":"none","#);
        line.put(r#""riskEventTypes_v2":[],"resourceDisplayName":"Microsoft Graph","#);
        line.put(r#""resourceId":"00000003-0000-0000-c000-000000000000","status":{"errorCode":"#).num(code);
        line.put(r#","failureReason":"#).json(why).put(r#","additionalDetails":"#);
        match detail {
            Some(detail) => line.json(detail),
            None => line.put("null"),
        };
        line.put("},");
        put_device(&mut line, court, session);
        self.line = line;
        self.put_location(&session.address);
        self.line.put(r#","appliedConditionalAccessPolicies":[]}"#).put("\n");
        let file = files.file("entra/signins.ndjson");
        record(files, file, &self.line, act.step.as_slice())
    }

    /// Somebody outside, without a session, at the cloud's door.
    fn knock(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        address: &str,
        name: &str,
    ) -> io::Result<()> {
        let known = court.accounts.iter().find(|account| account.name == name || account.upn == name);
        let id = [self.id(1), self.id(2)];
        let line = &mut self.line;
        line.clear();
        line.put(r#"{"id":""#).uuid(id[0]).put(r#"","createdDateTime":""#);
        iso(line, act.at.civil()).put(r#"Z","userDisplayName":"#).json(name).put(r#","userPrincipalName":"#);
        match known {
            Some(account) => line.json(&account.upn).put(r#","userId":"#).json(&account.object),
            None => line.json(name).put(r#","userId":"00000000-0000-0000-0000-000000000000""#),
        };
        line.put(r#","appId":"00000002-0000-0ff1-ce00-000000000000","appDisplayName":"Office 365 Exchange Online","ipAddress":"#);
        line.json(address)
            .put(r#","clientAppUsed":"Authenticated SMTP","userAgent":"BAV2ROPC","correlationId":""#);
        line.uuid(id[1]).put(r#"","conditionalAccessStatus":"notApplied","isInteractive":true,"#);
        line.put(r#""signInEventTypes":["interactiveUser"],"status":{"errorCode":"#);
        let (code, why, _) =
            status(Some(if known.is_some() { Refusal::Password } else { Refusal::Unknown }), true);
        line.num(code).put(r#","failureReason":"#).json(why).put(r#","additionalDetails":null},"#);
        line.put(r#""deviceDetail":{"deviceId":"","displayName":"","operatingSystem":"","browser":"","#);
        line.put(r#""isCompliant":false,"isManaged":false,"trustType":""},"#);
        self.put_location(address);
        self.line.put("}\n");
        let file = files.file("entra/signins.ndjson");
        record(files, file, &self.line, act.step.as_slice())
    }

    /// One record of the directory's audit about an app.
    fn audit(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        what: [&str; 2],
        app: [&str; 3],
    ) -> io::Result<()> {
        let [name, id, scopes] = app;
        let session = &act.session;
        let ids = [self.id(3), number(&[self.seed, number_of(what[0]), self.acts]), number_of(id)];
        let line = &mut self.line;
        line.clear();
        line.put(r#"{"id":"Directory_"#).uuid(ids[1]).put("_").letters(
            ids[1],
            5,
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        );
        line.put("_")
            .num(ids[1] % 100_000_000)
            .put(r#"","category":"ApplicationManagement","correlationId":""#);
        line.uuid(ids[0])
            .put(r#"","result":"success","resultReason":"","activityDisplayName":"#)
            .json(what[0]);
        line.put(r#","activityDateTime":""#);
        iso(line, act.at.civil()).put(".").pad(act.at.civil().steps.into(), 7);
        line.put(r#"Z","loggedByService":"Core Directory","operationType":"#).json(what[1]);
        line.put(r#","initiatedBy":{"app":null,"user":{"id":"#).json(&court.account(session.account).object);
        line.put(r#","displayName":null,"userPrincipalName":"#).json(upn(court, session.account));
        line.put(r#","ipAddress":"#)
            .json(&session.address)
            .put(r#","roles":[]}},"targetResources":[{"id":""#);
        line.uuid(ids[2]).put(r#"","displayName":"#).json(name);
        line.put(
            r#","type":"ServicePrincipal","userPrincipalName":null,"groupType":null,"modifiedProperties":["#,
        );
        line.put(
            r#"{"displayName":"ConsentContext.IsAdminConsent","oldValue":null,"newValue":"\"False\""},"#,
        );
        line.put(r#"{"displayName":"ConsentAction.Permissions","oldValue":"\"\"","newValue":"#);
        line.json(&permissions(court, act, scopes))
            .put(r#"}]}],"additionalDetails":[{"key":"User-Agent","value":"EvoSTS"},"#);
        line.put(r#"{"key":"AppId","value":"#).json(id).put("}]}\n");
        let file = files.file("entra/audits.ndjson");
        record(files, file, line, act.step.as_slice())
    }
}

/// How the directory writes the permissions of a consent: a text inside a text.
pub(super) fn permissions(court: &Court, act: &Act, scopes: &str) -> String {
    let principal = &court.account(act.session.account).object;
    format!(
        "\"[] => [[PrincipalId: {principal}, ResourceId: 00000003-0000-0000-c000-000000000000, \
         ConsentType: Principal, Scope: {scopes}, CreatedDateTime: , LastModifiedDateTime ]]; \""
    )
}

/// Error code, its text, and the detail.
pub(super) const fn status(
    refused: Option<Refusal>,
    interactive: bool,
) -> (u64, &'static str, Option<&'static str>) {
    match refused {
        None if interactive => (0, "Other.", Some("MFA requirement satisfied by claim in the token")),
        None => (0, "Other.", None),
        Some(Refusal::Password) => {
            (50126, "Error validating credentials due to invalid username or password.", None)
        }
        Some(Refusal::Unknown) => (50034, "The user account does not exist in the directory.", None),
        Some(Refusal::Disabled) => (50057, "The user account is disabled.", None),
        Some(Refusal::SecondFactor) => (
            500_121,
            "Authentication failed during strong authentication request.",
            Some("MFA denied; user did not respond to mobile app notification"),
        ),
    }
}

/// A device of the court proves itself by its registration; others are told by their user agent.
fn put_device(line: &mut Vec<u8>, court: &Court, session: &Session) {
    let device = session.device.map(|device| court.host(device)).filter(|host| host.is_windows());
    line.put(r#""deviceDetail":{"deviceId":""#);
    if let Some(host) = device {
        line.uuid(number_of(&host.serial));
    }
    line.put(r#"","displayName":"#).json(device.map_or("", |host| &host.name));
    line.put(r#","operatingSystem":"#).json(operating_system(&session.agent)).put(r#","browser":"#);
    line.json(if session.client == Client::Browser { browser(&session.agent) } else { "" });
    line.put(r#","isCompliant":"#).put(if device.is_some() { "true" } else { "false" });
    line.put(r#","isManaged":"#).put(if device.is_some() { "true" } else { "false" });
    line.put(r#","trustType":"#).json(if device.is_some() { "Hybrid Azure AD joined" } else { "" }).put("},");
}

fn operating_system(agent: &str) -> &'static str {
    let names =
        [("Windows", "Windows10"), ("Outlook", "Windows10"), ("iPhone", "Ios"), ("Android", "Android")];
    let more = [("Mac OS X", "MacOs"), ("Linux", "Linux")];
    let found = names.iter().chain(&more).find(|(mark, _)| agent.contains(mark));
    found.map_or("", |(_, name)| name)
}

fn browser(agent: &str) -> &'static str {
    let names = [("Edg/", "Edge 128.0.0"), ("Firefox/", "Firefox 130.0"), ("Chrome/", "Chrome 128.0.0")];
    names.iter().find(|(mark, _)| agent.contains(mark)).map_or("Rich Client", |(_, name)| name)
}

fn display_name(court: &Court, act: &Act) -> String {
    let account = court.account(act.session.account);
    match account.kind {
        AccountKind::Person(person) | AccountKind::Administrator(person) => {
            let person = court.person(person);
            format!("{} {}", person.given, person.family)
        }
        _ => account.name.clone(),
    }
}

/// The first three parts of an address.
fn network(address: &str) -> &str {
    address.rsplit_once('.').map_or(address, |(network, _)| network)
}

impl Observer for Entra {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        let cloud = matches!(act.deed, Deed::SignIn { .. } | Deed::Consent { .. } | Deed::Knock { .. });
        if !cloud {
            return Ok(());
        }
        self.acts += 1;
        self.apps.note(act);
        let seen = |source| files.sight(source, None, act.at) == Sight::Seen;
        match &act.deed {
            Deed::SignIn { app, interactive, refused } if seen(SIGN_INS) => {
                self.sign_in(court, act, files, (app, *interactive, *refused))
            }
            Deed::Knock { address, name }
                if court.host(act.host).kind == HostKind::Cloud && seen(SIGN_INS) =>
            {
                self.knock(court, act, files, address, name)
            }
            Deed::Consent { app, id, scopes } if seen(AUDITS) => {
                let app: [&str; 3] = [app, id, scopes];
                self.audit(court, act, files, ["Add service principal", "Add"], app)?;
                let grant = if scopes.contains("full_access_as_app") {
                    ["Add app role assignment to service principal", "Assign"]
                } else {
                    ["Add delegated permission grant", "Assign"]
                };
                self.audit(court, act, files, grant, app)?;
                self.audit(court, act, files, ["Consent to application", "Assign"], app)
            }
            _ => Ok(()),
        }
    }

    fn finish(&mut self, _court: &Court, _files: &mut Files) -> io::Result<()> {
        Ok(())
    }
}
