import com.resend.Resend;
import com.resend.core.exception.ResendException;
import com.resend.core.net.ListParams;
import com.resend.core.net.RequestOptions;
import com.resend.services.apikeys.model.CreateApiKeyOptions;
import com.resend.services.apikeys.model.CreateApiKeyResponse;
import com.resend.services.apikeys.model.UpdateApiKeyOptions;
import com.resend.services.emails.model.Attachment;
import com.resend.services.emails.model.CreateEmailOptions;
import com.resend.services.emails.model.Tag;
import com.resend.services.emails.model.UpdateEmailOptions;
import com.resend.services.suppressions.model.AddSuppressionOptions;
import com.resend.services.suppressions.model.AddSuppressionsOptions;
import com.resend.services.suppressions.model.RemoveSuppressionsOptions;
import com.resend.services.webhooks.model.CreateWebhookOptions;
import com.resend.services.webhooks.model.CreateWebhookResponseSuccess;
import com.resend.services.webhooks.model.UpdateWebhookOptions;
import com.resend.services.webhooks.model.VerifyWebhookOptions;
import com.resend.services.webhooks.model.WebhookEvent;
import com.resend.services.webhooks.model.WebhookStatus;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.json.JSONObject;

/** The vendor's client for Java. Prints a line of JSON for each case; run.ts says by the environment where Sendoff is. */
public class Cases {
    static final String BAD_TO = "Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";
    static final String BAD_TAG = "Tags should only contain ASCII letters, numbers, underscores, or dashes.";
    static final String HOOK_URL = System.getenv("SENDOFF_HOOK_URL");
    static final Resend resend = new Resend(System.getenv("SENDOFF_API_KEY"));
    static final String ALL_BYTES = allBytes();

    interface Run {
        void run() throws Exception;
    }

    static void test(String name, Run run) {
        String result = "\"ok\":true}";
        try {
            run.run();
        } catch (Exception | AssertionError error) {
            result = "\"ok\":false,\"error\":" + JSONObject.quote(error.toString()) + "}";
        }
        System.out.println("{\"case\":" + JSONObject.quote(name) + "," + result);
    }

    static void same(Object actual, Object wanted) {
        if (!Objects.equals(actual, wanted)) throw new AssertionError(actual + " is not " + wanted);
    }

    static void refused(String name, int status, String message, Run run) throws Exception {
        try {
            run.run();
        } catch (ResendException error) {
            same(error.getErrorName(), name);
            same(error.getStatusCode(), status);
            if (!error.getMessage().startsWith(message)) throw error;
            return;
        }
        throw new AssertionError("it was not refused");
    }

    static String allBytes() {
        byte[] bytes = new byte[256];
        for (int value = 0; value < 256; value++) bytes[value] = (byte) value;
        return Base64.getEncoder().encodeToString(bytes);
    }

    static CreateEmailOptions.Builder email(String subject) {
        return emailTo(subject, "success+java@simulator.amazonses.com");
    }

    static CreateEmailOptions.Builder emailTo(String subject, String to) {
        return CreateEmailOptions.builder().from("Shop <shop@example.com>").to(to).subject(subject).text("Hello");
    }

    static String send(CreateEmailOptions.Builder email) throws Exception {
        return resend.emails().send(email.build()).getId();
    }

    static Attachment.Builder file(String name) {
        return Attachment.builder().fileName(name).content(ALL_BYTES);
    }

    static String sendFile(String subject, Attachment.Builder file) throws Exception {
        return send(email(subject).html("<img src=\"cid:logo\">").attachments(file.build()));
    }

    static String inHours(int hours) {
        return Instant.now().plus(Duration.ofHours(hours)).toString();
    }

    static void lastEvent(String id, String wanted) throws Exception {
        String last = "";
        for (int tries = 0; tries < 80; tries++) {
            last = resend.emails().get(id).getLastEvent();
            if (wanted.equals(last)) return;
            Thread.sleep(250);
        }
        throw new AssertionError("last_event is " + last + ", not " + wanted);
    }

    public static void main(String[] args) {
        emails();
        schedules();
        keys();
        webhooks();
        suppressions();
        others();
        // OkHttp's threads would keep the program for a minute.
        System.exit(0);
    }

    static void emails() {
        String[] sent = {""};
        test("send", () -> {
            sent[0] = send(email("send").html("<p>Grüße</p>").text("Grüße"));
            same(sent[0].length(), 36);
        });
        test("cc, bcc, reply_to", () -> send(email("cc, bcc, reply_to")
                .cc("cc@example.com").bcc("bcc@example.com").replyTo("answers@example.com")));
        test("tags", () -> send(email("tags").tags(Tag.builder().name("campaign").value("welcome").build())));
        test("headers", () -> send(email("headers").headers(Map.of("X-Order", "42"))));
        test("no headers", () -> send(email("no headers").headers(Map.of())));
        test("html alone", () -> send(email("html alone").text(null).html("<p>Hello</p>")));
        test("attachment of base64", () -> sendFile("attachment of base64", file("base64.bin")));
        test("attachment by path", () -> sendFile("attachment by path",
                Attachment.builder().fileName("note.txt").path(System.getenv("SENDOFF_FILE_URL"))));
        test("attachment with a type", () ->
                sendFile("attachment with a type", file("typed.bin").contentType("application/x-test")));
        test("inline attachment", () ->
                sendFile("inline attachment", file("logo.png").contentType("image/png").contentId("logo")));
        test("delivered", () -> lastEvent(sent[0], "delivered"));
        test("get", () -> {
            var got = resend.emails().get(sent[0]);
            same(List.of(got.getObject(), got.getSubject(), got.getHtml()), List.of("email", "send", "<p>Grüße</p>"));
            Objects.requireNonNull(got.getMessageId());
        });
        var second = emailTo("batch", "success+2@simulator.amazonses.com").build();
        test("batch", () -> same(resend.batch().send(List.of(email("batch").build(), second)).getData().size(), 2));
        var bad = List.of(email("batch in part").build(), emailTo("batch in part", "nobody").build());
        test("batch refused whole", () -> refused("validation_error", 422, "", () -> resend.batch().send(bad)));
        test("batch in part", () -> {
            var permissive = RequestOptions.builder().add("x-batch-validation", "permissive").build();
            var answer = resend.batch().send(bad, permissive);
            same(List.of(answer.getData().size(), answer.getErrors().get(0).getIndex()), List.of(1, 1));
        });
        test("list", () -> {
            var listed = resend.emails().list();
            same(listed.getObject(), "list");
            same(listed.getData().stream().anyMatch(one -> one.getId().equals(sent[0])), true);
        });
        test("list in pages", () -> {
            var first = resend.emails().list(ListParams.builder().limit(2).build());
            same(List.of(first.getData().size(), first.hasMore()), List.of(2, true));
            String last = first.getData().get(1).getId();
            var after = resend.emails().list(ListParams.builder().limit(2).after(last).build());
            same(after.getData().stream().anyMatch(one -> one.getId().equals(last)), false);
        });
        test("attachments list and get", () -> {
            String id = sendFile("attachments list and get", file("bytes.bin"));
            var listed = resend.emails().listAttachments(id).getData().get(0);
            same(listed.getFilename(), "bytes.bin");
            same(resend.emails().getAttachment(id, listed.getId()).getSize(), 256);
        });
    }

    static void schedules() {
        String[] scheduled = {""};
        test("schedule", () -> {
            scheduled[0] = send(email("schedule").scheduledAt(inHours(1)));
            same(resend.emails().get(scheduled[0]).getLastEvent(), "scheduled");
        });
        test("schedule in English", () ->
                resend.emails().cancel(send(email("schedule in English").scheduledAt("in 1 hour"))));
        test("reschedule", () -> {
            var changes = UpdateEmailOptions.builder().scheduledAt(inHours(2)).build();
            same(resend.emails().update(scheduled[0], changes).getId(), scheduled[0]);
        });
        test("cancel", () -> {
            same(resend.emails().cancel(scheduled[0]).getId(), scheduled[0]);
            same(resend.emails().get(scheduled[0]).getLastEvent(), "canceled");
        });
    }

    static void keys() {
        CreateApiKeyResponse[] key = {null};
        test("key create", () -> {
            var options = CreateApiKeyOptions.builder().name("clients").permission("sending_access").build();
            key[0] = resend.apiKeys().create(options);
            new Resend(key[0].getToken()).emails().send(email("with another key").build());
            same(key[0].getToken().substring(0, 3), "re_");
        });
        test("key list", () -> same(resend.apiKeys().list().getData().stream()
                .anyMatch(one -> one.getId().equals(key[0].getId()) && one.getName().equals("clients")), true));
        test("key update", () ->
                resend.apiKeys().update(key[0].getId(), UpdateApiKeyOptions.builder().name("renamed").build()));
        test("key delete", () -> same(resend.apiKeys().remove(key[0].getId()), true));
    }

    static void webhooks() {
        CreateWebhookResponseSuccess[] hook = {null};
        test("webhook create", () -> {
            var options = CreateWebhookOptions.builder().endpoint(HOOK_URL).events(WebhookEvent.EMAIL_DELIVERED).build();
            hook[0] = resend.webhooks().create(options);
            same(hook[0].getSigningSecret().substring(0, 6), "whsec_");
        });
        test("webhook verify", () -> {
            var request = HttpRequest.newBuilder(URI.create(HOOK_URL + "/" + send(email("for a webhook")))).build();
            var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
            same(answer.statusCode(), 200);
            var arrived = new JSONObject(answer.body());
            var options = VerifyWebhookOptions.builder().secret(hook[0].getSigningSecret());
            for (String name : List.of("id", "timestamp", "signature"))
                options.addHeader("svix-" + name, arrived.getString(name));
            resend.webhooks().verify(options.payload(arrived.getString("payload")).build());
            var other = options.payload(arrived.getString("payload") + " ").build();
            try {
                resend.webhooks().verify(other);
            } catch (ResendException expected) {
                return;
            }
            throw new AssertionError("another payload was verified too");
        });
        test("webhook get", () -> same(resend.webhooks().get(hook[0].getId()).getStatus(), WebhookStatus.ENABLED));
        test("webhook list", () -> same(resend.webhooks().list().getData().get(0).getId(), hook[0].getId()));
        test("webhook update", () -> {
            var changes = UpdateWebhookOptions.builder().events(WebhookEvent.EMAIL_BOUNCED).status(WebhookStatus.DISABLED);
            resend.webhooks().update(hook[0].getId(), changes.build());
            var got = resend.webhooks().get(hook[0].getId());
            same(List.of(got.getEvents(), got.getStatus()), List.of(List.of("email.bounced"), WebhookStatus.DISABLED));
        });
        test("webhook update of nothing", () ->
                resend.webhooks().update(hook[0].getId(), UpdateWebhookOptions.builder().build()));
        test("webhook delete", () -> resend.webhooks().remove(hook[0].getId()).getId());
    }

    static void suppressions() {
        String address = "nobody@example.com";
        var addresses = List.of("one@example.com", "two@example.com");
        test("suppression add", () ->
                resend.suppressions().add(AddSuppressionOptions.builder().email(address).build()));
        test("suppression get", () -> same(resend.suppressions().get(address).getOrigin(), "manual"));
        test("suppression list", () -> same(resend.suppressions().list().getData().get(0).getEmail(), address));
        test("suppression remove", () -> resend.suppressions().remove(address).getId());
        test("suppression batch add", () -> same(resend.suppressions().batch()
                .add(AddSuppressionsOptions.builder().emails(addresses).build()).getData().size(), 2));
        test("suppression batch remove", () -> same(resend.suppressions().batch()
                .remove(RemoveSuppressionsOptions.builder().emails(addresses).build()).getData().size(), 2));
    }

    static void others() {
        test("domain list and get", () -> {
            var found = resend.domains().list().getData().get(0);
            same(found.getName(), "example.com");
            same(resend.domains().get(found.getId()).getName(), "example.com");
        });
        test("idempotency key", () -> {
            var once = RequestOptions.builder().setIdempotencyKey("clients-once").build();
            var email = email("idempotency key").build();
            same(resend.emails().send(email, once).getId(), resend.emails().send(email, once).getId());
            var other = email("another").build();
            refused("invalid_idempotent_request", 409, "", () -> resend.emails().send(other, once));
        });
        test("error: bad to", () -> refused("validation_error", 422, BAD_TO, () -> send(emailTo("never", "nobody"))));
        var badTag = Tag.builder().name("a b").value("c").build();
        test("error: bad tag", () -> refused("validation_error", 422, BAD_TAG, () -> send(email("never").tags(badTag))));
        test("error: unknown id", () -> refused("not_found", 404, "",
                () -> resend.emails().get("00000000-0000-4000-8000-000000000000")));
        test("error: bad key", () -> refused("invalid_api_key", 403, "",
                () -> new Resend("re_wrong").emails().send(email("never").build())));
        test("simulator: bounced", () -> {
            lastEvent(send(emailTo("simulator: bounced", "bounced@resend.dev")), "bounced");
            lastEvent(send(emailTo("simulator: bounced again", "bounced@resend.dev")), "bounced");
        });
        for (String end : List.of("complained", "suppressed"))
            test("simulator: " + end, () -> lastEvent(send(emailTo("simulator: " + end, end + "@resend.dev")), end));
    }
}
