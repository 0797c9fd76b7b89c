# frozen_string_literal: true

require "json"
require "net/http"
require "uri"

# Stands for resend-ruby where its registry is out of reach: the same names, the same requests, through Ruby's own HTTP.
# What is sent is what its Request class builds: the parameters as they were given, ids included.
module Resend
  class << self
    attr_accessor :api_key
  end

  # A refusal, as the client raises it.
  class Error < StandardError
    # As the client has it.
    class NotFoundError < Error; end
    # As the client has it.
    class InvalidRequestError < Error; end

    def self.of(answer)
      kind = { 400 => InvalidRequestError, 404 => NotFoundError, 422 => InvalidRequestError }
      kind.fetch(answer[:statusCode], Error).new(answer[:message])
    end
  end

  def self.request(verb, path, body = {}, options: {})
    uri = URI("#{ENV.fetch("SENDOFF_URL")}/#{path}")
    request = Net::HTTP.const_get(verb).new(uri)
    request["Authorization"] = "Bearer #{api_key}"
    request["Content-Type"] = "application/json"
    request["Idempotency-Key"] = options[:idempotency_key]
    request["x-batch-validation"] = options[:batch_validation]
    request.body = body.to_json unless body.empty?
    response = Net::HTTP.start(uri.host, uri.port) { |http| http.request(request) }
    answer = JSON.parse(response.body, symbolize_names: true)
    raise Error.of(answer) if answer[:statusCode]

    answer
  end

  # A group of the API with the methods that most groups have.
  class Group
    def initialize(path)
      @path = path
    end

    def create(params) = Resend.request(:Post, @path, params)
    alias add create

    def list(params = {})
      Resend.request(:Get, params.empty? ? @path : "#{@path}?#{URI.encode_www_form(params)}")
    end

    def get(id) = Resend.request(:Get, "#{@path}/#{URI.encode_www_form_component(id)}")

    def remove(id) = Resend.request(:Delete, "#{@path}/#{URI.encode_www_form_component(id)}")
  end

  # Emails: the id of the one to change stays in the body.
  class EmailGroup < Group
    def send(params, options: {}) = Resend.request(:Post, @path, params, options: options)

    def update(params) = Resend.request(:Patch, "#{@path}/#{params[:email_id]}", params)

    def cancel(id) = Resend.request(:Post, "#{@path}/#{id}/cancel")
  end

  # Keys and webhooks: the id is taken out of the body.
  class ChangeableGroup < Group
    def initialize(path, id_field)
      super(path)
      @id_field = id_field
    end

    def update(params)
      Resend.request(:Patch, "#{@path}/#{params[@id_field]}", params.except(@id_field))
    end
  end

  Emails = EmailGroup.new("emails")
  Batch = EmailGroup.new("emails/batch")
  ApiKeys = ChangeableGroup.new("api-keys", :id)
  Webhooks = ChangeableGroup.new("webhooks", :webhook_id)
  Domains = Group.new("domains")

  # With a group of its own for many at once.
  module Suppressions
    GROUP = Group.new("suppressions")

    class << self
      def add(params) = GROUP.add(params)
      def list = GROUP.list
      def get(id) = GROUP.get(id)
      def remove(id) = GROUP.remove(id)
    end

    # Many at once.
    module Batch
      class << self
        def add(params) = Resend.request(:Post, "suppressions/batch/add", params)
        def remove(params) = Resend.request(:Post, "suppressions/batch/remove", params)
      end
    end
  end
end
