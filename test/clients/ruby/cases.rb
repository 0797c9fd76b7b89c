# frozen_string_literal: true

require "base64"
require "json"
require "net/http"
require "time"

# The vendor's client for Ruby from the folder RESEND_RUBY names (with HTTParty of Debian), or else its payloads; and
# those of its mailer for Rails. Prints a line of JSON for each case; run.ts says by the environment where Sendoff is.
CHECKOUT = ENV.fetch("RESEND_RUBY", "")
if CHECKOUT.empty?
  require_relative "payloads"
else
  ENV["RESEND_BASE_URL"] = "#{ENV.fetch("SENDOFF_URL")}/"
  $LOAD_PATH.unshift("#{CHECKOUT}/lib")
  require "resend"
end

KEY = ENV.fetch("SENDOFF_API_KEY")
HOOK_URL = ENV.fetch("SENDOFF_HOOK_URL")
ALL_BYTES = (0..255).to_a.freeze
BAD_TO = "Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
BAD_TAG = "Tags should only contain ASCII letters, numbers, underscores, or dashes."
Resend.api_key = KEY

def test(name)
  yield name
  puts JSON.generate({ case: name, ok: true })
rescue StandardError => e
  puts JSON.generate({ case: name, ok: false, error: "#{e.class}: #{e.message} (#{e.backtrace&.first})" })
end

def same(actual, wanted)
  raise "#{actual.inspect} is not #{wanted.inspect}" unless actual == wanted
end

# The client's errors have a class and a message; of the name there is nothing.
def refused(kind, message = "")
  yield
rescue Resend::Error => e
  same(e.class, kind)
  same(e.message[0, message.length], message)
else
  raise "it was not refused"
end

def email(subject, **more)
  { from: "Shop <shop@example.com>", to: ["success+ruby@simulator.amazonses.com"], subject: subject, text: "Hello", **more }
end

def send_email(subject, **more) = Resend::Emails.send(email(subject, **more))[:id]

def in_hours(hours) = (Time.now.utc + (hours * 3600)).iso8601

# Lists hold hashes with keys of either kind.
def listed(answer) = answer[:data].map { |one| one.transform_keys(&:to_sym) }

def last_event(id, wanted)
  last = ""
  80.times do
    last = Resend::Emails.get(id)[:last_event]
    return if last == wanted

    sleep 0.25
  end
  raise "last_event is #{last}, not #{wanted}"
end

def with_key(key)
  Resend.api_key = key
  yield
ensure
  Resend.api_key = KEY
end

sent = nil
test("send") do |name|
  sent = send_email(name, html: "<p>Grüße</p>", text: "Grüße")
  same(sent.length, 36)
end
test("send to a single address") { |name| send_email(name, to: "success+single@simulator.amazonses.com") }
test("cc, bcc, reply_to") do |name|
  send_email(name, cc: ["cc@example.com"], bcc: "bcc@example.com", reply_to: "answers@example.com")
end
test("tags") { |name| send_email(name, tags: [{ name: "campaign", value: "welcome" }]) }
test("headers") { |name| send_email(name, headers: { "X-Order" => "42" }) }
test("no headers") { |name| send_email(name, headers: {}) }
test("html alone") do |name|
  Resend::Emails.send({ from: "shop@example.com", to: "success@simulator.amazonses.com", subject: name, html: "<p>Hello</p>" })
end
test("attachment of bytes") { |name| send_email(name, attachments: [{ filename: "bytes.bin", content: ALL_BYTES }]) }
test("attachment of base64") do |name|
  send_email(name, attachments: [{ filename: "base64.bin", content: Base64.strict_encode64(ALL_BYTES.pack("C*")) }])
end
test("attachment by path") do |name|
  send_email(name, attachments: [{ filename: "note.txt", path: ENV.fetch("SENDOFF_FILE_URL") }])
end
test("attachment with a type") do |name|
  send_email(name, attachments: [{ filename: "typed.bin", content: ALL_BYTES, content_type: "application/x-test" }])
end
{ "inline attachment" => :content_id, "inline attachment by the older name" => :inline_content_id,
  "Rails, with an inline attachment" => :content_id }.each do |name, field|
  test(name) do
    logo = { filename: "logo.png", content: ALL_BYTES, field => "logo" }
    send_email(name, html: "<img src=\"cid:logo\">", attachments: [logo])
  end
end
test("delivered") { last_event(sent, "delivered") }
test("get") do
  got = Resend::Emails.get(sent)
  same([got[:object], got[:subject], got[:html]], ["email", "send", "<p>Grüße</p>"])
end

test("batch") do |name|
  same(Resend::Batch.send([email(name), email(name, to: "success+2@simulator.amazonses.com")])[:data].length, 2)
end
bad = [email("batch in part"), email("batch in part", to: "nobody")]
test("batch refused whole") { refused(Resend::Error::InvalidRequestError) { Resend::Batch.send(bad) } }
test("batch in part") do
  answer = Resend::Batch.send(bad, options: { batch_validation: "permissive" })
  same([answer[:data].length, answer[:errors].length], [1, 1])
end
test("list") { same(listed(Resend::Emails.list).any? { |one| one[:id] == sent }, true) }
test("list in pages") do
  first = listed(Resend::Emails.list(limit: 2)).map { |one| one[:id] }
  after = listed(Resend::Emails.list(limit: 2, after: first[1])).map { |one| one[:id] }
  same([first.length, first & after], [2, []])
end

scheduled = nil
test("schedule") do |name|
  scheduled = send_email(name, scheduled_at: in_hours(1))
  same(Resend::Emails.get(scheduled)[:last_event], "scheduled")
end
test("schedule in English") { |name| Resend::Emails.cancel(send_email(name, scheduled_at: "in 1 hour")) }
test("reschedule") do
  at = in_hours(2)
  Resend::Emails.update({ email_id: scheduled, scheduled_at: at })
  same(Time.parse(Resend::Emails.get(scheduled)[:scheduled_at]), Time.parse(at))
end
test("cancel") do
  same(Resend::Emails.cancel(scheduled)[:id], scheduled)
  same(Resend::Emails.get(scheduled)[:last_event], "canceled")
end

key = {}
test("key create") do
  key = Resend::ApiKeys.create({ name: "clients", permission: "sending_access" })
  with_key(key[:token]) { send_email("with another key") }
  same(key[:token][0, 3], "re_")
end
test("key list") do
  found = listed(Resend::ApiKeys.list).find { |one| one[:id] == key[:id] }
  same([found[:name], found.key?(:last_used_at)], ["clients", true])
end
test("key update") { Resend::ApiKeys.update({ id: key[:id], name: "renamed" }) }
test("key delete") { Resend::ApiKeys.remove(key[:id]) }

hook = {}
test("webhook create") do
  hook = Resend::Webhooks.create({ endpoint: HOOK_URL, events: ["email.delivered"] })
  same(hook[:signing_secret][0, 6], "whsec_")
end
unless CHECKOUT.empty?
  test("webhook verify") do
    arrived = JSON.parse(Net::HTTP.get(URI("#{HOOK_URL}/#{send_email("for a webhook")}")), symbolize_names: true)
    headers = %i[id timestamp signature].to_h { |name| [:"svix_#{name}", arrived[name]] }
    options = { headers: headers, webhook_secret: hook[:signing_secret] }
    same(Resend::Webhooks.verify(payload: arrived[:payload], **options), true)
    verified = begin
      Resend::Webhooks.verify(payload: "#{arrived[:payload]} ", **options)
    rescue RuntimeError
      false
    end
    same(verified, false)
  end
end
test("webhook get") { same(Resend::Webhooks.get(hook[:id])[:status], "enabled") }
test("webhook list") { same(listed(Resend::Webhooks.list)[0][:id], hook[:id]) }
test("webhook update") do
  Resend::Webhooks.update({ webhook_id: hook[:id], events: ["email.bounced"], status: "disabled" })
  got = Resend::Webhooks.get(hook[:id])
  same([got[:events], got[:status]], [["email.bounced"], "disabled"])
end
test("webhook delete") { same(Resend::Webhooks.remove(hook[:id])[:deleted], true) }

address = "nobody@example.com"
test("suppression add") { Resend::Suppressions.add({ email: address }) }
test("suppression get") { same(Resend::Suppressions.get(address)[:origin], "manual") }
test("suppression list") { same(listed(Resend::Suppressions.list)[0][:email], address) }
test("suppression remove") { Resend::Suppressions.remove(address) }
addresses = { emails: ["one@example.com", "two@example.com"] }
test("suppression batch add") { same(Resend::Suppressions::Batch.add(addresses)[:data].length, 2) }
test("suppression batch remove") { same(Resend::Suppressions::Batch.remove(addresses)[:data].length, 2) }

test("domain list and get") do
  found = listed(Resend::Domains.list)[0]
  same([found[:name], Resend::Domains.get(found[:id])[:name]], ["example.com", "example.com"])
end
test("idempotency key") do |name|
  once = { idempotency_key: "clients-once" }
  ids = Array.new(2) { Resend::Emails.send(email(name), options: once)[:id] }
  same(ids[0], ids[1])
  refused(Resend::Error) { Resend::Emails.send(email("another"), options: once) }
end
test("error: bad to") { refused(Resend::Error::InvalidRequestError, BAD_TO) { send_email("never", to: "nobody") } }
test("error: bad tag") do
  refused(Resend::Error::InvalidRequestError, BAD_TAG) { send_email("never", tags: [{ name: "a b", value: "c" }]) }
end
test("error: unknown id") do
  refused(Resend::Error::NotFoundError) { Resend::Emails.get("00000000-0000-4000-8000-000000000000") }
end
test("error: bad key") { refused(Resend::Error) { with_key("re_wrong") { send_email("never") } } }
test("simulator: bounced") do |name|
  last_event(send_email(name, to: "bounced@resend.dev"), "bounced")
  last_event(send_email("#{name} again", to: "bounced@resend.dev"), "bounced")
end
%w[complained suppressed].each do |wanted|
  test("simulator: #{wanted}") { |name| last_event(send_email(name, to: "#{wanted}@resend.dev"), wanted) }
end
