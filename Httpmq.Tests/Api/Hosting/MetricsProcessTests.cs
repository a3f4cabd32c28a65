using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Httpmq.Application.Telemetry;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>What Prometheus gets of a gateway that has had a bit of everything, and whether board and alerts know it by name.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
[Parallelizable]
internal sealed partial class MetricsProcessTests
{
    // No subject, no consumer and nothing else in it may be found anywhere but in the labels that name a consumer.
    private const string Yaml = """
        metrics: { consumer_lag: { interval_sec: 1 } }
        auth:
          anonymous: [everything]
          roles:
            everything:
              publish: { allow: [">"], deny: ["secret.>"] }
              read: { allow: [">"] }
              consume: { allow: ["*/*"] }
              admin: { allow: ["*"] }
        rate_limits: { failed_logins_per_address: { permits_per_second: 0.001, burst: 1 } }
        """;

    // Of Prometheus itself, and of what it adds to each series.
    private static readonly string[] OfPrometheus = ["up", "job", "instance", "le"];

    private readonly int _metrics = Ports.Free();
    private readonly HttpClient _http = new();
    private readonly HttpListener _collector = new();
    private string _folder = null!;
    private GatewayProcess _child = null!;
    private Uri _management = null!;
    private Uri _dataplane = null!;
    private Scrape _scrape = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("httpmq-metrics-").FullName;
        var file = Path.Combine(_folder, "httpmq.yaml");
        await File.WriteAllTextAsync(file, Yaml);
        var (management, dataplane) = (Ports.Free(), Ports.Free());
        (_management, _dataplane) = (new Uri($"http://127.0.0.1:{management}"), new Uri($"http://127.0.0.1:{dataplane}"));
        var collector = $"http://127.0.0.1:{Ports.Free()}";
        _collector.Prefixes.Add($"{collector}/");
        _collector.Start();
        var more = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Httpmq__Metrics__ListenPort"] = _metrics.ToString(CultureInfo.InvariantCulture),
            ["Httpmq__Metrics__Otlp__Endpoint"] = collector,
            ["Httpmq__Metrics__Otlp__Protocol"] = "http/protobuf",
            ["Httpmq__Metrics__Otlp__IntervalSec"] = "1",
        };
        _child = HttpmqChild.StartAll(Path.Combine(_folder, "data"), management, dataplane, Ports.Free(), more, "-c", file);
        await _child.WaitForOutputAsync("data folder");
        await UseAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        // First: who does not answer would be waited for.
        _collector.Close();
        _child.Terminate();
        await _child.WaitForExitAsync();
        await _child.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void ReadyBlock_WithMetrics_SaysWhereTheyAre() =>
        Assert.That(_child.Output, Does.Contain($"http://127.0.0.1:{_metrics}/metrics"));

    [Test]
    public void Scrape_OfAGatewayInUse_HasEachMetric()
    {
        var expected = MetricNames.All.Concat(MetricNames.Lag).Select(PrometheusNames.Of);

        Assert.That(expected.Where(name => !_scrape.Has(name)), Is.Empty, _scrape.Text);
    }

    [Test]
    public void Scrape_OfAGatewayInUse_HasTheLabelsOfTheList()
    {
        var known = MetricNames.All.Concat(MetricNames.Lag).Where(name => _scrape.Has(PrometheusNames.Of(name)));
        using (Assert.EnterMultipleScope())
        {
            foreach (var name in known)
            {
                Assert.That(
                    _scrape.LabelsOf(PrometheusNames.Of(name)).Except(["otel_scope_name", "le"], StringComparer.Ordinal),
                    Is.SubsetOf(name.Tags.Select(PrometheusNames.OfTag)),
                    name.Name);
            }
        }
    }

    [TestCase("""httpmq_publishes_total{httpmq_outcome="stored"}""", "3")]
    [TestCase("""httpmq_publishes_total{httpmq_outcome="duplicate"}""", "1")]
    [TestCase("""httpmq_publishes_total{error_type="subject-not-claimed",httpmq_outcome="error"}""", "1")]
    [TestCase("""httpmq_settlements_total{httpmq_outcome="confirmed",httpmq_verb="nak"}""", "1")]
    [TestCase("""httpmq_settlements_total{httpmq_outcome="confirmed",httpmq_verb="ack"}""", "1")]
    [TestCase("""httpmq_settle_duration_seconds_count{httpmq_verb="ack"}""", "1")]
    [TestCase("""httpmq_publish_duration_seconds_count{otel_scope_name="Httpmq"}""", "4")]
    [TestCase("""httpmq_publish_duration_seconds_count{error_type="subject-not-claimed"}""", "1")]
    [TestCase("""httpmq_sessions_open{httpmq_framing="ndjson",httpmq_source="subscription"}""", "1")]
    [TestCase("""httpmq_sessions_ended_total{httpmq_framing="lines",httpmq_reason="replay-complete",httpmq_source="replay"}""", "1")]
    [TestCase("""httpmq_batches_open{otel_scope_name="Httpmq"}""", "0")]
    [TestCase("""httpmq_nats_connected{httpmq_connection="httpmq-dataplane-deliveries"}""", "1")]
    [TestCase("""jetstream_stream_total_messages{stream_name="seen"}""", "3")]
    [TestCase("""jetstream_consumer_num_pending{consumer_name="behind",stream_name="seen"}""", "3")]
    [TestCase("""httpmq_redeliveries_total{otel_scope_name="Httpmq"}""", "1")]
    [TestCase("""httpmq_access_refusals_total{error_type="unauthenticated"}""", "2")]
    [TestCase("""httpmq_nats_reconnects_total{httpmq_connection="httpmq-dataplane-deliveries"}""", "0")]
    [TestCase("""httpmq_embedded_nats_restarts_total{otel_scope_name="Httpmq"}""", "0")]
    [TestCase("""httpmq_requests_inflight{httpmq_connection="httpmq-dataplane"}""", "0")]
    [TestCase("""httpmq_deliveries_pending_bytes{otel_scope_name="Httpmq"}""", "0")]
    [TestCase("""httpmq_publish_duration_seconds_bucket{le="10"}""", "4")]
    [TestCase("""httpmq_rate_limit_refusals_total{httpmq_reason="rate_limits.failed_logins_per_address"}""", "1")]
    public void Scrape_OfAGatewayInUse_HasCounted(string series, string value) =>
        Assert.That(_scrape.Has(series, value), Is.True, _scrape.Text);

    [Test]
    public void Scrape_OfAGatewayInUse_HasTheOthersMetersAndNothingThatAClientChose()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_scrape.Names, Has.Member("http_server_request_duration_seconds"));
            Assert.That(_scrape.Names, Has.Member("kestrel_active_connections"));
            Assert.That(_scrape.Names, Has.Member("dotnet_process_cpu_time_seconds_total"));
            Assert.That(_scrape.Names, Has.Member("nats_client_active_subscriptions"));
            Assert.That(_scrape.Text, Does.Not.Contain("seen.first"), "a subject");
            Assert.That(_scrape.Text, Does.Not.Contain("_INBOX"), "a subject");
            Assert.That(_scrape.Text, Does.Not.Contain("chosen-by-the-client"), "a request id, or a user agent");
            Assert.That(_scrape.Text, Does.Not.Match(@"http_server_request_duration\w*\{[^\n]*/message"""), "a replay");
            Assert.That(_scrape.Text, Does.Not.Match(@"http_server_request_duration\w*\{[^\n]*/pull"""), "a pull");
        }
    }

    [Test]
    public void Scrape_OfAGatewayInUse_HasDurationsFrom100MicrosecondsOn() =>
        Assert.That(_scrape.Text, Does.Match(@"httpmq_publish_duration_seconds_bucket\{[^\n]*le=""0\.0001"""));

    [Test]
    public async Task Scrape_AfterSessionsHaveEnded_SaysWhyAndKeepsThemOutOfTheDurations()
    {
        await SendAsync(_management, "/v1/admin/stream/seen/consumer", """{"name":"short","mode":"push","max_inflight":100}""");
        using (await OpenAsync("seen/consumer/behind", "text/event-stream"))
        {
            // The client leaves.
        }

        using (var ended = await OpenAsync("seen/consumer/short", "application/x-ndjson"))
        {
            using var deletion = await _http.DeleteAsync(new Uri(_management, "/v1/admin/stream/seen/consumer/short"));
            Assert.That(await ended.Content.ReadAsStringAsync(), Does.Contain("consumer-deleted"));
        }

        var text = string.Empty;
        await Eventually.HoldsAsync(
            async () =>
            {
                var scrape = new Scrape(text = await _http.GetStringAsync(Metrics));
                return scrape.Has(Ended("sse", "client-gone"), "1") && scrape.Has(Ended("ndjson", "consumer-deleted"), "1");
            },
            "both sessions counted");
        Assert.That(text, Does.Match(@"http_server_request_duration\w*\{[^\n]*v1/data/subject/"));
        Assert.That(text, Does.Not.Match(@"http_server_request_duration\w*\{[^\n]*v1/data/publish"""), "a batch");
        Assert.That(text, Does.Not.Match(@"http_server_request_duration\w*\{[^\n]*v1/data/[^\n""]*\{consumer\}"""), "a subscription");

        static string Ended(string framing, string reason) =>
            $$"""httpmq_sessions_ended_total{httpmq_framing="{{framing}}",httpmq_reason="{{reason}}",httpmq_source="subscription"}""";
    }

    [Test]
    public async Task Scrape_ByAWebPage_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Metrics);
        request.Headers.Host = "somebody.example";
        using var answer = await _http.SendAsync(request);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [TestCase("deploy/grafana/httpmq.json")]
    [TestCase("deploy/prometheus/alerts.yaml")]
    public void Expressions_OfBoardAndAlerts_NameWhatThereIs(string file)
    {
        var names = MetricNames.All.Concat(MetricNames.Lag).ToDictionary(PrometheusNames.Of, StringComparer.Ordinal);
        var histograms = names.Where(static name => name.Value.Kind is MetricKind.Histogram)
            .SelectMany(static name => new[] { $"{name.Key}_bucket", $"{name.Key}_count", $"{name.Key}_sum" });
        var metrics = _scrape.Names.Concat(names.Keys).Concat(histograms).Concat(OfPrometheus).ToHashSet(StringComparer.Ordinal);
        var labels = _scrape.Names.SelectMany(_scrape.LabelsOf).Concat(names.Values.SelectMany(static name => name.Tags)
            .Select(PrometheusNames.OfTag)).Concat(OfPrometheus).ToHashSet(StringComparer.Ordinal);
        var expressions = Expressions(file).ToArray();

        Assert.That(expressions, Has.Length.GreaterThan(10));
        using (Assert.EnterMultipleScope())
        {
            foreach (var expression in expressions)
            {
                // Texts, durations, and what is called or joined by.
                var bare = Words().Replace(Quoted().Replace(expression, string.Empty), string.Empty);
                var named = Name().Matches(bare).Select(static match => match.Value).ToArray();
                Assert.That(named.Where(name => !metrics.Contains(name) && !labels.Contains(name)), Is.Empty, expression);
                Assert.That(named.Where(metrics.Contains), Is.Not.Empty, expression);
            }
        }
    }

    [Test]
    public async Task Otlp_WithACollector_IsSentThere()
    {
        var found = string.Empty;
        await Eventually.HoldsAsync(
            async () =>
            {
                var context = await _collector.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                context.Response.Close();
                found = $"{context.Request.Url!.AbsolutePath} {context.Request.ContentType} {Encoding.Latin1.GetString(body.ToArray())}";
                return found.Contains("httpmq.publish.duration", StringComparison.Ordinal)
                    && found.Contains("jetstream_consumer_num_pending", StringComparison.Ordinal);
            },
            "metrics at the collector");

        Assert.That(found, Does.StartWith("/v1/metrics application/x-protobuf"));
    }

    private Uri Metrics => new($"http://127.0.0.1:{_metrics}/metrics");

    private static IEnumerable<string> Expressions(string file)
    {
        var text = Repository.Read(file);
        return file.EndsWith(".json", StringComparison.Ordinal)
            ? JsonNode.Parse(text)!["panels"]!.AsArray()
                .SelectMany(static panel => panel!["targets"]!.AsArray())
                .Select(static target => (string)target!["expr"]!)
            : Rule().Matches(text).Select(static match => match.Groups["expr"].Value);
    }

    private async Task UseAsync()
    {
        await SendAsync(_management, "/v1/admin/stream", """{"name":"seen","subjects":["seen.>","secret.>"]}""");
        foreach (var name in new[] { "w", "behind" })
        {
            await SendAsync(
                _management, "/v1/admin/stream/seen/consumer", $$"""{"name":"{{name}}","mode":"pull","max_inflight":100}""");
        }

        foreach (var id in new[] { "a", "a", "b" })
        {
            await SendAsync(_dataplane, "/v1/data/subject/seen.first?encoding=raw", "x", id);
        }

        await SendAsync(_dataplane, "/v1/data/subject/nobodys?encoding=raw", "x");
        await SendAsync(_dataplane, "/v1/data/subject/secret.one?encoding=raw", "x");
        await SendAsync(_dataplane, "/v1/data/publish", """{"subject":"seen.batch","msg":"x"}""");
        const string Consumer = "/v1/data/stream/seen/consumer/w";
        await Eventually.HoldsAsync(
            async () => (await SendAsync(_dataplane, $"{Consumer}/pull", """{"batch":1,"expires":"5s"}"""))
                .Contains("token", StringComparison.Ordinal),
            "the first message");
        await SendAsync(_dataplane, $"{Consumer}/settle", """{"nak":[{"stream":1,"consumer":1,"delay":"0"}]}""");
        string? token = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                var pulled = JsonNode.Parse(await SendAsync(_dataplane, $"{Consumer}/pull", """{"batch":10,"expires":"1s"}"""))!;
                token = pulled["messages"]?.AsArray()
                    .Where(static message => (int)message!["deliveries"]! == 2)
                    .Select(static message => (string)message!["token"]!)
                    .FirstOrDefault();
                return token is not null;
            },
            "the message again");
        await SendAsync(_dataplane, $"{Consumer}/ack", $$"""{"token":"{{token}}"}""");
        foreach (var wrong in new[] { "hmq_wrong", "hmq_wrong-again" })
        {
            using var refused = new HttpRequestMessage(HttpMethod.Get, new Uri(_dataplane, "/v1/data/subject/seen.first"));
            refused.Headers.Add("X-API-Key", wrong);
            using var answer = await _http.SendAsync(refused);
        }

        await _http.GetStringAsync(new Uri(_dataplane, "/v1/data/stream/seen/message"));
        var open = await OpenAsync("seen/consumer/w", "application/x-ndjson");
        await Eventually.HoldsAsync(
            async () =>
            {
                _scrape = new Scrape(await _http.GetStringAsync(Metrics));
                return _scrape.Has("""jetstream_stream_total_messages{stream_name="seen"}""", "3")
                    && _scrape.Has("""jetstream_consumer_num_pending{consumer_name="behind",stream_name="seen"}""", "3")
                    && _scrape.Has("""httpmq_sessions_open{httpmq_framing="ndjson",httpmq_source="subscription"}""", "1")
                    && _scrape.Has("""httpmq_batches_open{otel_scope_name="Httpmq"}""", "0")
                    && _scrape.Has("httpmq_sessions_ended_total");
            },
            "all that was done is seen");
        open.Dispose();
    }

    private async Task<HttpResponseMessage> OpenAsync(string consumer, string framing)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_dataplane, $"/v1/data/stream/{consumer}"));
        request.Headers.Add("Accept", framing);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private async Task<string> SendAsync(Uri server, string path, string body, string? id = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, path)) { Content = new StringContent(body) };
        request.Headers.UserAgent.ParseAdd("chosen-by-the-client/1.0");
        request.Headers.Add("Httpmq-Request-ID", "chosen-by-the-client");
        if (id is not null)
        {
            request.Headers.Add("Idempotency-Key", id);
        }

        using var answer = await _http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    [GeneratedRegex(@"expr: (>-\n\s+)?(?<expr>.+(\n {10}\S.*)*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rule();

    [GeneratedRegex(@"""[^""]*""|\[[^\]]*\]|\b\d[\w.]*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\w+(?=\s*\()|\b(by|and|sum|min|max)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Words();

    [GeneratedRegex(@"[a-z_]\w+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();
}
