// The vendor's client for Go. Prints a line of JSON for each case; run.ts says by the environment where Sendoff is.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/resend/resend-go/v3"
)

const (
	from   = "Shop <shop@example.com>"
	badTo  = "[ERROR]: Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
	badTag = "[ERROR]: Tags should only contain ASCII letters, numbers, underscores, or dashes."
)

var (
	client   = clientWith(os.Getenv("SENDOFF_API_KEY"))
	hookURL  = os.Getenv("SENDOFF_HOOK_URL")
	allBytes = func() (bytes []byte) {
		for value := range 256 {
			bytes = append(bytes, byte(value))
		}
		return bytes
	}()
)

func clientWith(key string) *resend.Client {
	made := resend.NewClient(key)
	made.BaseURL = must(url.Parse(os.Getenv("SENDOFF_URL") + "/"))
	return made
}

// The client's errors have no status and no name, only the message.
func test(name string, run func()) {
	result := map[string]any{"case": name, "ok": true}
	defer func() {
		if reason := recover(); reason != nil {
			result["ok"], result["error"] = false, fmt.Sprint(reason)
		}
		fmt.Printf(`{"case":%s,"ok":%t,"error":%s}`+"\n", encoded(name), result["ok"], encoded(result["error"]))
	}()
	run()
}

func encoded(value any) []byte { return must(json.Marshal(value)) }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(holds bool, format string, values ...any) {
	if !holds {
		panic(fmt.Sprintf(format, values...))
	}
}

func fails[T any](message string, _ T, err error) {
	check(err != nil, "it did not fail")
	check(strings.HasPrefix(err.Error(), message), "%v", err)
}

func email(subject string) *resend.SendEmailRequest {
	return &resend.SendEmailRequest{From: from, To: []string{"success+go@simulator.amazonses.com"}, Subject: subject, Text: "Hello"}
}

func emailTo(subject, address string) *resend.SendEmailRequest {
	made := email(subject)
	made.To = []string{address}
	return made
}

func send(made *resend.SendEmailRequest) string { return must(client.Emails.Send(made)).Id }

func sendFile(subject string, file *resend.Attachment) string {
	made := email(subject)
	made.Html = `<img src="cid:logo">`
	made.Attachments = []*resend.Attachment{file}
	return send(made)
}

func inHours(hours int) string {
	return time.Now().Add(time.Duration(hours) * time.Hour).UTC().Format(time.RFC3339)
}

func lastEvent(id, wanted string) {
	last := ""
	for range 80 {
		if last = must(client.Emails.Get(id)).LastEvent; last == wanted {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	panic("last_event is " + last + ", not " + wanted)
}

func main() {
	emails()
	schedules()
	keys()
	webhooks()
	others()
	errors()
}

func emails() {
	sent := ""
	test("send", func() {
		made := email("send")
		made.Html, made.Text = "<p>Grüße</p>", "Grüße"
		sent = send(made)
		check(len(sent) == 36, "%s is no UUID", sent)
	})
	test("cc, bcc, reply_to", func() {
		made := email("cc, bcc, reply_to")
		made.Cc, made.Bcc, made.ReplyTo = []string{"cc@example.com"}, []string{"bcc@example.com"}, "answers@example.com"
		send(made)
	})
	test("tags", func() {
		made := email("tags")
		made.Tags = []resend.Tag{{Name: "campaign", Value: "welcome"}}
		send(made)
	})
	test("headers", func() {
		made := email("headers")
		made.Headers = map[string]string{"X-Order": "42"}
		send(made)
	})
	test("no headers", func() {
		made := email("no headers")
		made.Headers = map[string]string{}
		send(made)
	})
	test("html alone", func() {
		made := email("html alone")
		made.Text, made.Html = "", "<p>Hello</p>"
		send(made)
	})
	test("attachment of bytes", func() {
		sendFile("attachment of bytes", &resend.Attachment{Filename: "bytes.bin", Content: allBytes})
	})
	test("attachment by path", func() {
		sendFile("attachment by path", &resend.Attachment{Filename: "note.txt", Path: os.Getenv("SENDOFF_FILE_URL")})
	})
	test("attachment with a type", func() {
		file := resend.Attachment{Filename: "typed.bin", Content: allBytes, ContentType: "application/x-test"}
		sendFile("attachment with a type", &file)
	})
	test("inline attachment", func() {
		file := resend.Attachment{Filename: "logo.png", Content: allBytes, ContentType: "image/png", ContentId: "logo"}
		sendFile("inline attachment", &file)
	})
	test("inline attachment by the older name", func() {
		file := resend.Attachment{Filename: "logo.png", Content: allBytes, InlineContentId: "logo"}
		sendFile("inline attachment by the older name", &file)
	})
	test("delivered", func() { lastEvent(sent, "delivered") })
	test("get", func() {
		got := must(client.Emails.Get(sent))
		check(got.Object == "email" && got.Subject == "send" && got.Html == "<p>Grüße</p>", "%+v", got)
	})
	test("batch", func() {
		two := []*resend.SendEmailRequest{email("batch"), emailTo("batch", "success+2@simulator.amazonses.com")}
		check(len(must(client.Batch.Send(two)).Data) == 2, "not two")
	})
	bad := []*resend.SendEmailRequest{email("batch in part"), emailTo("batch in part", "nobody")}
	test("batch refused whole", func() {
		answer, err := client.Batch.Send(bad)
		fails("[ERROR]: ", answer, err)
	})
	test("batch in part", func() {
		options := resend.BatchSendEmailOptions{BatchValidation: resend.BatchValidationPermissive}
		answer := must(client.Batch.SendWithOptions(context.Background(), bad, &options))
		check(len(answer.Data) == 1 && len(answer.Errors) == 1 && answer.Errors[0].Index == 1, "%+v", answer)
	})
	test("list", func() {
		listed := must(client.Emails.List())
		found := slices.ContainsFunc(listed.Data, func(one resend.Email) bool { return one.Id == sent })
		check(listed.Object == "list" && found, "%+v", listed)
	})
	test("list in pages", func() {
		limit := 2
		first := must(client.Emails.ListWithOptions(context.Background(), &resend.ListOptions{Limit: &limit}))
		check(len(first.Data) == 2 && first.HasMore, "%+v", first)
		options := resend.ListOptions{Limit: &limit, After: &first.Data[1].Id}
		after := must(client.Emails.ListWithOptions(context.Background(), &options))
		for _, one := range after.Data {
			check(one.Id != first.Data[0].Id && one.Id != first.Data[1].Id, "%+v", after)
		}
	})
	test("attachments list and get", func() {
		id := sendFile("attachments list and get", &resend.Attachment{Filename: "bytes.bin", Content: allBytes})
		listed := must(client.Emails.ListAttachments(id))
		check(len(listed.Data) == 1 && listed.Data[0].Filename == "bytes.bin", "%+v", listed)
		got := must(client.Emails.GetAttachment(id, listed.Data[0].Id))
		check(got.Filename == "bytes.bin", "%+v", got)
	})
}

func schedules() {
	scheduled := ""
	test("schedule", func() {
		made := email("schedule")
		made.ScheduledAt = inHours(1)
		scheduled = send(made)
		check(must(client.Emails.Get(scheduled)).LastEvent == "scheduled", "not scheduled")
	})
	test("schedule in English", func() {
		made := email("schedule in English")
		made.ScheduledAt = "in 1 hour"
		must(client.Emails.Cancel(send(made)))
	})
	test("reschedule", func() {
		must(client.Emails.Update(&resend.UpdateEmailRequest{Id: scheduled, ScheduledAt: inHours(2)}))
	})
	test("cancel", func() {
		check(must(client.Emails.Cancel(scheduled)).Id == scheduled, "another id")
		check(must(client.Emails.Get(scheduled)).LastEvent == "canceled", "not canceled")
	})
}

func keys() {
	key := resend.CreateApiKeyResponse{}
	test("key create", func() {
		key = must(client.ApiKeys.Create(&resend.CreateApiKeyRequest{Name: "clients", Permission: "sending_access"}))
		must(clientWith(key.Token).Emails.Send(email("with another key")))
		check(strings.HasPrefix(key.Token, "re_"), "the key begins with %.3s", key.Token)
	})
	test("key list", func() {
		listed := must(client.ApiKeys.List())
		named := func(one resend.ApiKey) bool { return one.Id == key.Id && one.Name == "clients" }
		check(slices.ContainsFunc(listed.Data, named), "%+v", listed)
	})
	test("key delete", func() { check(must(client.ApiKeys.Remove(key.Id)), "not removed") })
}

func webhooks() {
	hook := &resend.CreateWebhookResponse{}
	test("webhook create", func() {
		events := []string{resend.EventEmailDelivered}
		hook = must(client.Webhooks.Create(&resend.CreateWebhookRequest{Endpoint: hookURL, Events: events}))
		check(strings.HasPrefix(hook.SigningSecret, "whsec_"), "no secret")
	})
	test("webhook verify", func() {
		response := must(http.Get(hookURL + "/" + send(email("for a webhook"))))
		check(response.StatusCode == 200, "no webhook arrived")
		arrived := map[string]string{}
		body := must(io.ReadAll(response.Body))
		check(json.Unmarshal(body, &arrived) == nil, "%s", body)
		headers := resend.WebhookHeaders{Id: arrived["id"], Timestamp: arrived["timestamp"], Signature: arrived["signature"]}
		options := resend.VerifyWebhookOptions{Payload: arrived["payload"], Headers: headers, WebhookSecret: hook.SigningSecret}
		check(client.Webhooks.Verify(&options) == nil, "not verified")
		options.Payload += " "
		check(client.Webhooks.Verify(&options) != nil, "another payload was verified too")
	})
	test("webhook get", func() {
		check(must(client.Webhooks.Get(hook.Id)).Status == "enabled", "not enabled")
	})
	test("webhook list", func() {
		check(must(client.Webhooks.List()).Data[0].Id == hook.Id, "another id")
	})
	test("webhook update", func() {
		disabled := "disabled"
		changes := resend.UpdateWebhookRequest{Events: []string{resend.EventEmailBounced}, Status: &disabled}
		must(client.Webhooks.Update(hook.Id, &changes))
		got := must(client.Webhooks.Get(hook.Id))
		check(got.Status == "disabled" && got.Events[0] == "email.bounced", "%+v", got)
	})
	test("webhook update of nothing", func() {
		must(client.Webhooks.Update(hook.Id, &resend.UpdateWebhookRequest{}))
	})
	test("webhook delete", func() { check(must(client.Webhooks.Remove(hook.Id)).Deleted, "not deleted") })
}

func others() {
	test("domain list and get", func() {
		listed := must(client.Domains.List())
		check(len(listed.Data) > 0 && listed.Data[0].Name == "example.com", "%+v", listed)
		check(must(client.Domains.Get(listed.Data[0].Id)).Name == "example.com", "another name")
	})
	test("idempotency key", func() {
		once := &resend.SendEmailOptions{IdempotencyKey: "clients-once"}
		first := must(client.Emails.SendWithOptions(context.Background(), email("idempotency key"), once))
		second := must(client.Emails.SendWithOptions(context.Background(), email("idempotency key"), once))
		check(first.Id == second.Id, "two ids")
		answer, err := client.Emails.SendWithOptions(context.Background(), email("another"), once)
		fails("[ERROR]: ", answer, err)
	})
	simulated := func(name, address, wanted string) {
		test("simulator: "+name, func() { lastEvent(send(emailTo("simulator: "+name, address)), wanted) })
	}
	test("simulator: bounced", func() {
		lastEvent(send(emailTo("simulator: bounced", "bounced@resend.dev")), "bounced")
		lastEvent(send(emailTo("simulator: bounced again", "bounced@resend.dev")), "bounced")
	})
	simulated("complained", "complained@resend.dev", "complained")
	simulated("suppressed", "suppressed@resend.dev", "suppressed")
}

func errors() {
	test("error: bad to", func() {
		answer, err := client.Emails.Send(emailTo("never", "nobody"))
		fails(badTo, answer, err)
	})
	test("error: bad tag", func() {
		made := email("never")
		made.Tags = []resend.Tag{{Name: "a b", Value: "c"}}
		answer, err := client.Emails.Send(made)
		fails(badTag, answer, err)
	})
	test("error: unknown id", func() {
		answer, err := client.Emails.Get("00000000-0000-4000-8000-000000000000")
		fails("[ERROR]: ", answer, err)
	})
	test("error: bad key", func() {
		answer, err := clientWith("re_wrong").Emails.Send(email("never"))
		fails("[ERROR]: ", answer, err)
	})
}
