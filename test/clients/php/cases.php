<?php

/**
 * The vendor's client for PHP from the folder RESEND_PHP names (with Guzzle of Debian), or else its payloads; and the
 * payloads of Laravel's and Symfony's transports. Prints a line of JSON for each case; run.ts says by the environment
 * where Sendoff is.
 */

const BAD_TO = 'Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.';
const BAD_TAG = 'Tags should only contain ASCII letters, numbers, underscores, or dashes.';
$allBytes = implode('', array_map(chr(...), range(0, 255)));
$checkout = getenv('RESEND_PHP');
$hookUrl = getenv('SENDOFF_HOOK_URL');

if ($checkout) {
    require_once 'GuzzleHttp/autoload.php';
    spl_autoload_register(function (string $class) use ($checkout) {
        $file = $checkout . '/src/' . str_replace(['Resend\\', '\\'], ['', '/'], $class) . '.php';
        if (is_file($file)) require_once $file;
    });
    require_once "$checkout/src/Resend.php";
    putenv('RESEND_BASE_URL=' . getenv('SENDOFF_URL'));
} else {
    require_once __DIR__ . '/payloads.php';
}

$clientWith = fn (string $key) => $checkout ? Resend::client($key) : new PayloadClient($key);
$resend = $clientWith(getenv('SENDOFF_API_KEY'));

function test(string $name, callable $run): void
{
    $result = ['case' => $name, 'ok' => true];
    try {
        $run($name);
    } catch (Throwable $error) {
        $told = get_class($error) . ": {$error->getMessage()} (line {$error->getLine()})";
        $result = ['case' => $name, 'ok' => false, 'error' => $told];
    }
    echo json_encode($result, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE), "\n";
}

function check(bool $holds, mixed $told = ''): void
{
    if (!$holds) throw new Exception('not so: ' . json_encode($told));
}

/** What the client answers, as plain arrays. */
function plain(mixed $answer): mixed
{
    return is_array($answer) ? $answer : json_decode(json_encode($answer->toArray()), true);
}

function refused(string $name, callable $call, string $message = ''): void
{
    try {
        $call();
    } catch (Exception $error) {
        check(method_exists($error, 'getErrorType'), $error->getMessage());
        check($error->getErrorType() === $name, $error->getErrorType() . ': ' . $error->getMessage());
        check(str_starts_with($error->getMessage(), $message), $error->getMessage());
        return;
    }
    throw new Exception('it was not refused');
}

$email = fn (string $subject, array $more = []) => $more + ['from' => 'Shop <shop@example.com>',
    'to' => ['success+php@simulator.amazonses.com'], 'subject' => $subject, 'text' => 'Hello'];
$send = fn (string $subject, array $more = []) => plain($resend->emails->send($email($subject, $more)))['id'];
$get = fn (string $id) => plain($resend->emails->get($id));
$cancel = fn (string $id) => plain($checkout ? $resend->emails->cancel($id) : $resend->emails->post("$id/cancel"));
$inHours = fn (int $hours) => gmdate('Y-m-d\TH:i:s\Z', time() + 3600 * $hours);
$lastEvent = function (string $id, string $wanted) use ($get) {
    for ($tries = 0; $tries < 80; $tries++) {
        $last = $get($id)['last_event'];
        if ($last === $wanted) return;
        usleep(250_000);
    }
    throw new Exception("last_event is $last, not $wanted");
};

$sent = '';
test('send', function ($name) use ($send, &$sent) {
    $sent = $send($name, ['html' => '<p>Grüße</p>', 'text' => 'Grüße']);
    check(strlen($sent) === 36, $sent);
});
test('send to a single address', fn ($name) => $send($name, ['to' => 'success+single@simulator.amazonses.com']));
test('cc, bcc, reply_to', fn ($name) => $send($name,
    ['cc' => ['cc@example.com'], 'bcc' => 'bcc@example.com', 'reply_to' => 'answers@example.com']));
test('tags', fn ($name) => $send($name, ['tags' => [['name' => 'campaign', 'value' => 'welcome']]]));
test('headers', fn ($name) => $send($name, ['headers' => ['X-Order' => '42']]));
test('no headers', fn ($name) => $send($name, ['headers' => []]));
test('html alone', fn ($name) => plain($resend->emails->send(['from' => 'shop@example.com',
    'to' => 'success@simulator.amazonses.com', 'subject' => $name, 'html' => '<p>Hello</p>'])));
$base64 = base64_encode($allBytes);
test('attachment of bytes', fn ($name) => $send($name,
    ['attachments' => [['filename' => 'bytes.bin', 'content' => array_values(unpack('C*', $allBytes))]]]));
test('attachment of base64', fn ($name) => $send($name,
    ['attachments' => [['filename' => 'base64.bin', 'content' => $base64]]]));
test('attachment by path', fn ($name) => $send($name,
    ['attachments' => [['filename' => 'note.txt', 'path' => getenv('SENDOFF_FILE_URL')]]]));
test('attachment with a type', fn ($name) => $send($name,
    ['attachments' => [['filename' => 'typed.bin', 'content' => $base64, 'content_type' => 'application/x-test']]]));
$logo = ['filename' => 'logo.png', 'content' => $base64, 'content_type' => 'image/png'];
foreach (['inline attachment' => 'content_id', 'inline attachment by the older name' => 'inline_content_id'] as $name => $field)
    test($name, fn () => $send($name, ['html' => '<img src="cid:logo">', 'attachments' => [$logo + [$field => 'logo']]]));
test('delivered', fn () => $lastEvent($sent, 'delivered'));
test('get', function () use ($get, &$sent) {
    $got = $get($sent);
    check($got['object'] === 'email' && $got['subject'] === 'send' && $got['html'] === '<p>Grüße</p>', $got);
});

/*
 * As Laravel's mailer builds them: every field is there, whatever the mail has; with an attachment `headers` is an
 * object of Symfony's without a public property.
 */
$laravel = fn (string $subject, array $more = []) => $more + ['from' => '"Shop" <shop@example.com>',
    'to' => ['"Ada" <success+laravel@simulator.amazonses.com>'], 'cc' => [], 'bcc' => [], 'reply_to' => [],
    'headers' => [], 'subject' => $subject, 'html' => '<p>Hello</p>', 'text' => null, 'attachments' => []];
$wrapped = chunk_split($base64, 76, '');
test('Laravel, html alone', fn ($name) => plain($resend->emails->send($laravel($name))));
test('Laravel, with an attachment', fn ($name) => plain($resend->emails->send($laravel($name,
    ['headers' => new stdClass(), 'attachments' => [['content' => $wrapped, 'filename' => 'bytes.bin']]]))));
// As Symfony's transport builds them: reply-to is a field and a header.
test('Symfony, with an attachment', fn ($name) => $send($name, ['html' => '<p>Hello</p>',
    'attachments' => [['filename' => 'bytes.bin', 'content' => $wrapped]], 'headers' => ['X-Order' => '42']]));
test('Symfony, with a reply-to', fn ($name) => $send($name,
    ['reply_to' => 'answers@example.com', 'headers' => ['Reply-To' => 'answers@example.com']]));

test('batch', function ($name) use ($resend, $email) {
    $two = [$email($name), $email($name, ['to' => 'success+2@simulator.amazonses.com'])];
    check(count(plain($resend->batch->send($two))['data']) === 2);
});
$bad = [$email('batch in part'), $email('batch in part', ['to' => 'nobody'])];
test('batch refused whole', fn () => refused('validation_error', fn () => $resend->batch->send($bad)));
test('batch in part', function () use ($resend, $bad) {
    $answer = plain($resend->batch->send($bad, ['batch_validation' => 'permissive']));
    check(count($answer['data']) === 1, $answer);
});
test('list', function () use ($resend, &$sent) {
    check(in_array($sent, array_column(plain($resend->emails->list())['data'], 'id')));
});
test('list in pages', function () use ($resend) {
    $first = array_column(plain($resend->emails->list(['limit' => 2]))['data'], 'id');
    $after = array_column(plain($resend->emails->list(['limit' => 2, 'after' => $first[1]]))['data'], 'id');
    check(count($first) === 2 && array_intersect($first, $after) === [], [$first, $after]);
});

$scheduled = '';
test('schedule', function ($name) use ($send, $get, $inHours, &$scheduled) {
    $scheduled = $send($name, ['scheduled_at' => $inHours(1)]);
    check($get($scheduled)['last_event'] === 'scheduled');
});
test('schedule in English', fn ($name) => $cancel($send($name, ['scheduled_at' => 'in 1 hour'])));
test('reschedule', function () use ($resend, $inHours, $get, &$scheduled) {
    $at = $inHours(2);
    $resend->emails->update($scheduled, ['scheduled_at' => $at]);
    check(strtotime($get($scheduled)['scheduled_at']) === strtotime($at));
});
test('cancel', function () use ($cancel, $get, &$scheduled) {
    check($cancel($scheduled)['id'] === $scheduled && $get($scheduled)['last_event'] === 'canceled');
});

$key = [];
test('key create', function () use ($resend, $clientWith, $email, &$key) {
    $key = plain($resend->apiKeys->create(['name' => 'clients', 'permission' => 'sending_access']));
    $clientWith($key['token'])->emails->send($email('with another key'));
    check(str_starts_with($key['token'], 're_'), substr($key['token'], 0, 3));
});
test('key list', function () use ($resend, &$key) {
    $found = current(array_filter(plain($resend->apiKeys->list())['data'], fn ($one) => $one['id'] === $key['id']));
    check($found['name'] === 'clients' && array_key_exists('last_used_at', $found), $found);
});
test('key update', function () use ($resend, &$key) {
    $resend->apiKeys->update($key['id'], ['name' => 'renamed']);
});
test('key delete', function () use ($resend, &$key) {
    $resend->apiKeys->remove($key['id']);
});

$hook = [];
test('webhook create', function () use ($resend, $hookUrl, &$hook) {
    $hook = plain($resend->webhooks->create(['endpoint' => $hookUrl, 'events' => ['email.delivered']]));
    check(str_starts_with($hook['signing_secret'], 'whsec_'));
});
if ($checkout)
    test('webhook verify', function () use ($resend, $send, $hookUrl, &$hook) {
        $arrived = json_decode(file_get_contents("$hookUrl/" . $send('for a webhook')), true);
        $headers = [];
        foreach (['id', 'timestamp', 'signature'] as $name) $headers["svix-$name"] = $arrived[$name];
        check($resend->webhooks->verify($arrived['payload'], $headers, $hook['signing_secret']));
        try {
            $resend->webhooks->verify($arrived['payload'] . ' ', $headers, $hook['signing_secret']);
        } catch (Exception) {
            return;
        }
        throw new Exception('another payload was verified too');
    });
test('webhook get', function () use ($resend, &$hook) {
    check(plain($resend->webhooks->get($hook['id']))['status'] === 'enabled');
});
test('webhook list', function () use ($resend, &$hook) {
    check(plain($resend->webhooks->list())['data'][0]['id'] === $hook['id']);
});
test('webhook update', function () use ($resend, &$hook) {
    $resend->webhooks->update($hook['id'], ['events' => ['email.bounced'], 'status' => 'disabled']);
    $got = plain($resend->webhooks->get($hook['id']));
    check($got['events'] === ['email.bounced'] && $got['status'] === 'disabled', $got);
});
test('webhook update of nothing', function () use ($resend, &$hook) {
    $resend->webhooks->update($hook['id'], []);
});
test('webhook delete', function () use ($resend, &$hook) {
    check(plain($resend->webhooks->remove($hook['id']))['deleted']);
});

$address = 'nobody@example.com';
$addresses = ['emails' => ['one@example.com', 'two@example.com']];
$suppressions = $resend->suppressions;
test('suppression add', fn () => $checkout ? $suppressions->add(['email' => $address]) : $suppressions->create(['email' => $address]));
test('suppression get', fn () => check(plain($suppressions->get($address))['origin'] === 'manual'));
test('suppression list', fn () => check(plain($suppressions->list())['data'][0]['email'] === $address));
test('suppression remove', fn () => $suppressions->remove($address));
foreach (['add', 'remove'] as $action)
    test("suppression batch $action", function () use ($suppressions, $checkout, $action, $addresses) {
        $answer = $checkout ? $suppressions->batch->$action($addresses) : $suppressions->post("batch/$action", $addresses);
        check(count(plain($answer)['data']) === 2);
    });

test('domain list and get', function () use ($resend) {
    $found = plain($resend->domains->list())['data'][0];
    check($found['name'] === 'example.com' && plain($resend->domains->get($found['id']))['name'] === 'example.com');
});
test('idempotency key', function ($name) use ($resend, $email) {
    $once = ['idempotency_key' => 'clients-once'];
    $ids = array_map(fn () => plain($resend->emails->send($email($name), $once))['id'], [1, 2]);
    check($ids[0] === $ids[1], $ids);
    refused('invalid_idempotent_request', fn () => $resend->emails->send($email('another'), $once));
});
test('error: bad to', fn () => refused('validation_error', fn () => $send('never', ['to' => 'nobody']), BAD_TO));
test('error: bad tag', fn () => refused('validation_error',
    fn () => $send('never', ['tags' => [['name' => 'a b', 'value' => 'c']]]), BAD_TAG));
test('error: unknown id', fn () => refused('not_found', fn () => $get('00000000-0000-4000-8000-000000000000')));
test('error: bad key', fn () => refused('invalid_api_key', fn () => $clientWith('re_wrong')->emails->send($email('never'))));
test('simulator: bounced', function ($name) use ($send, $lastEvent) {
    $lastEvent($send($name, ['to' => 'bounced@resend.dev']), 'bounced');
    $lastEvent($send("$name again", ['to' => 'bounced@resend.dev']), 'bounced');
});
foreach (['complained', 'suppressed'] as $end)
    test("simulator: $end", fn ($name) => $lastEvent($send($name, ['to' => "$end@resend.dev"]), $end));
