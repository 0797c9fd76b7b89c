//! The vendor's client for Rust. Prints a line of JSON for each case; run.ts says by the environment where Sendoff is.

use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use resend_rs::events::{EmailEventType, Event, try_parse_event};
use resend_rs::list_opts::ListOptions;
use resend_rs::types::{
    AddSuppressionOptions, BatchAddSuppressionOptions, BatchRemoveSuppressionOptions,
    BatchValidation, CreateApiKeyOptions, CreateAttachment, CreateEmailBaseOptions,
    CreateWebhookOptions, EmailEvent, ErrorResponse, Tag, UpdateApiKeyOptions, UpdateEmailOptions,
    UpdateWebhookOptions, WebhookStatus,
};
use resend_rs::{Error, Resend, Result, json};

const BAD_TO: &str = "Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";
const BAD_TAG: &str = "Tags should only contain ASCII letters, numbers, underscores, or dashes.";

fn test(name: &str, run: impl FnOnce(&str)) {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(name)));
    let error = outcome.as_ref().err().map(|reason| {
        let formatted = reason.downcast_ref::<String>().cloned();
        formatted.unwrap_or_else(|| reason.downcast_ref::<&str>().unwrap_or(&"").to_string())
    });
    println!(
        "{{\"case\":{},\"ok\":{},\"error\":{}}}",
        json!(name),
        outcome.is_ok(),
        json!(error)
    );
}

fn environment(name: &str) -> String {
    std::env::var(name).expect(name)
}

fn client(key: &str) -> Resend {
    let url = environment("SENDOFF_URL").parse().expect("a URL");
    Resend::with_config(resend_rs::ConfigBuilder::new(key).base_url(url).build())
}

fn all_bytes() -> Vec<u8> {
    (0..=255).collect()
}

fn in_hours(hours: u64) -> String {
    let at = SystemTime::now() + Duration::from_secs(hours * 3_600);
    humantime::format_rfc3339_seconds(at).to_string()
}

fn email_to(subject: &str, to: &str) -> CreateEmailBaseOptions {
    CreateEmailBaseOptions::new("Shop <shop@example.com>", [to], subject)
}

fn email(subject: &str) -> CreateEmailBaseOptions {
    email_to(subject, "success+rust@simulator.amazonses.com").with_text("Hello")
}

fn refused<T: Debug>(answer: Result<T>, name: &str, status: u16) -> ErrorResponse {
    match answer {
        Err(Error::Resend(error)) => {
            assert_eq!(
                (error.name.as_str(), error.status_code),
                (name, status),
                "{error}"
            );
            error
        }
        other => panic!("not refused: {other:?}"),
    }
}

fn same<T: PartialEq + Debug + Display>(actual: T, wanted: T) {
    assert_eq!(actual, wanted);
}

struct Cases {
    resend: Resend,
}

impl Cases {
    fn send(&self, email: CreateEmailBaseOptions) -> String {
        self.resend.emails.send(email).unwrap().id.to_string()
    }

    fn send_file(&self, subject: &str, file: CreateAttachment) -> String {
        self.send(
            email(subject)
                .with_html("<img src=\"cid:logo\">")
                .with_attachment(file),
        )
    }

    fn last_event(&self, id: &str, wanted: EmailEvent) {
        let mut last = EmailEvent::Queued;
        for _ in 0..80 {
            last = self.resend.emails.get(id).unwrap().last_event;
            if last == wanted {
                return;
            }
            sleep(Duration::from_millis(250));
        }
        panic!("last_event is {last:?}, not {wanted:?}");
    }

    fn emails(&self) {
        let emails = &self.resend.emails;
        let mut sent = String::new();
        test("send", |name| {
            sent = self.send(email(name).with_html("<p>Grüße</p>").with_text("Grüße"));
            same(sent.len(), 36);
        });
        test("cc, bcc, reply_to", |name| {
            let copies = email(name)
                .with_cc("cc@example.com")
                .with_bcc("bcc@example.com");
            self.send(copies.with_reply("answers@example.com"));
        });
        test("tags", |name| {
            self.send(email(name).with_tag(Tag::new("campaign", "welcome")));
        });
        test("headers", |name| {
            self.send(email(name).with_header("X-Order", "42"));
        });
        test("html alone", |name| {
            let to = "success@simulator.amazonses.com";
            self.send(email_to(name, to).with_html("<p>Hello</p>"));
        });
        self.attachments();
        test("delivered", |_| {
            self.last_event(&sent, EmailEvent::Delivered)
        });
        test("get", |_| {
            let got = emails.get(&sent).unwrap();
            same(got.subject.as_str(), "send");
            same(got.html.unwrap().as_str(), "<p>Grüße</p>");
            assert!(got.message_id.is_some());
        });
        test("list", |_| {
            let listed = emails.list(ListOptions::default()).unwrap();
            assert!(
                listed
                    .data
                    .iter()
                    .any(|one| one.id.as_ref() as &str == sent)
            );
        });
        test("list in pages", |_| {
            let first = emails.list(ListOptions::default().with_limit(2)).unwrap();
            assert_eq!((first.len(), first.has_more), (2, true));
            let options = ListOptions::default()
                .with_limit(2)
                .list_after(&first[1].id);
            let after = emails.list(options).unwrap();
            assert!(
                after
                    .data
                    .iter()
                    .all(|one| first.data.iter().all(|before| before.id != one.id))
            );
        });
    }

    fn attachments(&self) {
        test("attachment of bytes", |name| {
            self.send_file(
                name,
                CreateAttachment::from_content(all_bytes()).with_filename("bytes.bin"),
            );
        });
        test("attachment by path", |name| {
            let path = environment("SENDOFF_FILE_URL");
            self.send_file(
                name,
                CreateAttachment::from_path(&path).with_filename("note.txt"),
            );
        });
        test("attachment with a type", |name| {
            let file = CreateAttachment::from_content(all_bytes()).with_filename("typed.bin");
            self.send_file(name, file.with_content_type("application/x-test"));
        });
        test("inline attachment", |name| {
            let logo = CreateAttachment::from_content(all_bytes()).with_filename("logo.png");
            self.send_file(
                name,
                logo.with_content_type("image/png").with_content_id("logo"),
            );
        });
        test("attachments list and get", |name| {
            let file = CreateAttachment::from_content(all_bytes()).with_filename("bytes.bin");
            let id = self.send_file(name, file);
            let emails = &self.resend.emails;
            let listed = emails
                .list_attachments(&id, ListOptions::default())
                .unwrap();
            assert_eq!(listed[0].filename.as_deref(), Some("bytes.bin"));
            same(emails.get_attachment(&id, &listed[0].id).unwrap().size, 256);
        });
    }

    fn batches(&self) {
        let batch = &self.resend.batch;
        test("batch", |name| {
            let second = email_to(name, "success+2@simulator.amazonses.com").with_text("Hello");
            same(batch.send(vec![email(name), second]).unwrap().len(), 2);
        });
        let bad = || {
            vec![
                email("batch in part"),
                email_to("batch in part", "nobody").with_text("Hello"),
            ]
        };
        test("batch refused whole", |_| {
            refused(batch.send(bad()), "validation_error", 422);
        });
        test("batch in part", |_| {
            let answer = batch
                .send_with_batch_validation(bad(), BatchValidation::Permissive)
                .unwrap();
            assert_eq!((answer.data.len(), answer.errors[0].index), (1, 1));
        });
    }

    fn schedules(&self) {
        let emails = &self.resend.emails;
        let mut scheduled = String::new();
        test("schedule", |name| {
            scheduled = self.send(email(name).with_scheduled_at(&in_hours(1)));
            assert_eq!(
                emails.get(&scheduled).unwrap().last_event,
                EmailEvent::Scheduled
            );
        });
        test("schedule in English", |name| {
            let id = self.send(email(name).with_scheduled_at("in 1 hour"));
            emails.cancel(&id).unwrap();
        });
        test("reschedule", |_| {
            let at = in_hours(2);
            emails
                .update(&scheduled, UpdateEmailOptions::new().with_scheduled_at(&at))
                .unwrap();
            let now = emails.get(&scheduled).unwrap().scheduled_at.unwrap();
            same(&now[..16], &at[..16]);
        });
        test("cancel", |_| {
            emails.cancel(&scheduled).unwrap();
            assert_eq!(
                emails.get(&scheduled).unwrap().last_event,
                EmailEvent::Canceled
            );
        });
    }

    fn keys(&self) {
        let keys = &self.resend.api_keys;
        let mut id = String::new();
        test("key create", |_| {
            let key = keys
                .create(CreateApiKeyOptions::new("clients").with_sending_access())
                .unwrap();
            id = key.id.to_string();
            client(&key.token)
                .emails
                .send(email("with another key"))
                .unwrap();
            assert!(
                key.token.starts_with("re_"),
                "it begins with {}",
                &key.token[..3]
            );
        });
        test("key list", |_| {
            let listed = keys.list(ListOptions::default()).unwrap();
            let found = listed.data.iter().find(|key| key.id.as_ref() as &str == id);
            same(found.unwrap().name.as_str(), "clients");
        });
        test("key update", |_| {
            let answer = keys.update(&id, UpdateApiKeyOptions::new("renamed"));
            same(answer.unwrap().id.to_string(), id.clone());
        });
        test("key delete", |_| keys.delete(&id).unwrap());
    }

    fn webhooks(&self) {
        let webhooks = &self.resend.webhooks;
        let endpoint = environment("SENDOFF_HOOK_URL");
        let mut id = String::new();
        test("webhook create", |_| {
            let options = CreateWebhookOptions::new(&endpoint, [EmailEventType::EmailDelivered]);
            let hook = webhooks.create(options).unwrap();
            id = hook.id.to_string();
            assert!(hook.signing_secret.starts_with("whsec_"));
        });
        // This client leaves signatures to another crate, but has a type for each event.
        test("webhook event", |_| {
            let url = format!("{endpoint}/{}", self.send(email("for a webhook")));
            let answer = reqwest::blocking::get(url).unwrap().text().unwrap();
            let arrived: resend_rs::Value = serde_json::from_str(&answer).unwrap();
            let payload = arrived["payload"].as_str().expect("no webhook arrived");
            let event = try_parse_event(payload).unwrap();
            assert!(
                matches!(event, Event::EmailEvent(one) if matches!(one.r#type, EmailEventType::EmailDelivered))
            );
        });
        test("webhook get", |_| {
            same(webhooks.get(&id).unwrap().status.as_str(), "enabled")
        });
        test("webhook list", |_| {
            same(
                webhooks.list(ListOptions::default()).unwrap()[0]
                    .id
                    .to_string(),
                id.clone(),
            );
        });
        test("webhook update", |_| {
            let changes =
                UpdateWebhookOptions::default().with_events([EmailEventType::EmailBounced]);
            webhooks
                .update(&id, changes.with_status(WebhookStatus::Disabled))
                .unwrap();
            same(webhooks.get(&id).unwrap().status.as_str(), "disabled");
        });
        test("webhook update of nothing", |_| {
            webhooks
                .update(&id, UpdateWebhookOptions::default())
                .unwrap();
        });
        test("webhook delete", |_| assert!(webhooks.delete(&id).unwrap()));
    }

    fn suppressions(&self) {
        let suppressions = &self.resend.suppressions;
        let address = "nobody@example.com";
        test("suppression add", |_| {
            let options = AddSuppressionOptions::new().with_email(address);
            assert!(!suppressions.add(options).unwrap().id.is_empty());
        });
        test("suppression get", |_| {
            same(suppressions.get(address).unwrap().email.as_str(), address)
        });
        test("suppression list", |_| {
            same(
                suppressions.list(ListOptions::default()).unwrap()[0]
                    .email
                    .as_str(),
                address,
            );
        });
        test("suppression remove", |_| {
            assert!(suppressions.remove(address).unwrap().deleted);
        });
        let addresses = ["one@example.com", "two@example.com"];
        test("suppression batch add", |_| {
            let options = BatchAddSuppressionOptions::new().add_emails(addresses);
            same(suppressions.batch_add(options).unwrap().data.len(), 2);
        });
        test("suppression batch remove", |_| {
            let options = BatchRemoveSuppressionOptions::new().add_emails(addresses);
            same(suppressions.batch_remove(options).unwrap().data.len(), 2);
        });
    }

    fn others(&self) {
        test("domain list and get", |_| {
            let listed = self.resend.domains.list(ListOptions::default()).unwrap();
            same(listed[0].name.as_str(), "example.com");
            same(
                self.resend
                    .domains
                    .get(&listed[0].id)
                    .unwrap()
                    .name
                    .as_str(),
                "example.com",
            );
        });
        test("idempotency key", |name| {
            let send = |subject: &str| {
                self.resend
                    .emails
                    .send(email(subject).with_idempotency_key("clients-once"))
            };
            assert_eq!(send(name).unwrap().id, send(name).unwrap().id);
            refused(send("another"), "invalid_idempotent_request", 409);
        });
        test("error: bad to", |name| {
            let error = refused(
                self.resend
                    .emails
                    .send(email_to(name, "nobody").with_text("Hello")),
                "validation_error",
                422,
            );
            assert!(error.message.starts_with(BAD_TO), "{error}");
        });
        test("error: bad tag", |name| {
            let error = refused(
                self.resend
                    .emails
                    .send(email(name).with_tag(Tag::new("a b", "c"))),
                "validation_error",
                422,
            );
            assert!(error.message.starts_with(BAD_TAG), "{error}");
        });
        test("error: unknown id", |_| {
            refused(
                self.resend
                    .emails
                    .get("00000000-0000-4000-8000-000000000000"),
                "not_found",
                404,
            );
        });
        test("error: bad key", |name| {
            refused(
                client("re_wrong").emails.send(email(name)),
                "invalid_api_key",
                403,
            );
        });
        // `suppressed` is no last_event of this client: an email that was, it cannot read.
        test("simulator: bounced", |name| {
            let send =
                |subject| self.send(email_to(subject, "bounced@resend.dev").with_text("Hello"));
            self.last_event(&send(name), EmailEvent::Bounced);
            self.last_event(&send("simulator: bounced again"), EmailEvent::Bounced);
        });
        test("simulator: complained", |name| {
            let id = self.send(email_to(name, "complained@resend.dev").with_text("Hello"));
            self.last_event(&id, EmailEvent::Complained);
        });
    }
}

fn main() {
    // What a case panics with is its result; nothing else is to be said of it.
    std::panic::set_hook(Box::new(|_| {}));
    let cases = Cases {
        resend: client(&environment("SENDOFF_API_KEY")),
    };
    cases.emails();
    cases.batches();
    cases.schedules();
    cases.keys();
    cases.webhooks();
    cases.suppressions();
    cases.others();
}
