<?php

/**
 * Stands for resend-php where its registry is out of reach: the same names, the same requests, through PHP's own HTTP.
 * What is sent is what its Payload class builds: PHP arrays, encoded by json_encode.
 */

class RefusedByApi extends Exception
{
    public function __construct(public readonly array $answer)
    {
        parent::__construct($answer['message'] ?? 'no message');
    }

    public function getErrorType(): string
    {
        return $this->answer['name'] ?? '';
    }
}

class PayloadClient
{
    public readonly PayloadResource $emails, $batch, $apiKeys, $webhooks, $suppressions, $domains;

    public function __construct(string $key)
    {
        foreach (['emails' => 'emails', 'batch' => 'emails/batch', 'apiKeys' => 'api-keys', 'webhooks' => 'webhooks',
            'suppressions' => 'suppressions', 'domains' => 'domains'] as $name => $path) {
            $this->$name = new PayloadResource($key, $path);
        }
    }
}

class PayloadResource
{
    public function __construct(private readonly string $key, private readonly string $path)
    {
    }

    public function send(array $parameters, array $options = []): array
    {
        return $this->request('POST', $this->path, $parameters, $options);
    }

    public function create(array $parameters): array
    {
        return $this->request('POST', $this->path, $parameters);
    }

    public function get(string $id): array
    {
        return $this->request('GET', "$this->path/" . urlencode($id));
    }

    public function list(array $options = []): array
    {
        return $this->request('GET', $this->path . ($options ? '?' . http_build_query($options) : ''));
    }

    public function update(string $id, array $parameters): array
    {
        return $this->request('PATCH', "$this->path/$id", $parameters);
    }

    public function remove(string $id): array
    {
        return $this->request('DELETE', "$this->path/" . urlencode($id));
    }

    /** What else there is to post, such as `{id}/cancel` of an email. */
    public function post(string $action, array $parameters = []): array
    {
        return $this->request('POST', "$this->path/$action", $parameters);
    }

    private function request(string $method, string $path, ?array $parameters = null, array $options = []): array
    {
        $headers = ["Authorization: Bearer $this->key", 'Accept: application/json', 'Content-Type: application/json'];
        if (isset($options['idempotency_key'])) $headers[] = "Idempotency-Key: {$options['idempotency_key']}";
        if (isset($options['batch_validation'])) $headers[] = "x-batch-validation: {$options['batch_validation']}";
        // As resend-php: no parameters are {}, not [].
        $isMap = $parameters === [] || !array_is_list($parameters ?? []);
        $content = $parameters === null ? '' : json_encode($isMap ? (object) $parameters : $parameters, JSON_THROW_ON_ERROR);
        $http = ['method' => $method, 'header' => $headers, 'content' => $content, 'ignore_errors' => true];
        $body = file_get_contents(getenv('SENDOFF_URL') . "/$path", false, stream_context_create(['http' => $http]));
        $answer = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
        if (isset($answer['statusCode'])) throw new RefusedByApi($answer);
        return $answer;
    }
}
