using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>
/// What a request of a hot path allocates in the gateway's process as a whole: Kestrel, the framework, our code and the NATS client, with
/// metrics on, which tell it. `make bench` has the figures without them; the bounds here are a third above what was measured.
/// </summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed partial class RequestAllocationTests
{
    private const int Requests = 2_000;

    private readonly int _metrics = Ports.Free();
    private readonly HttpClient _http = new()
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private double _told;
    private string _folder = null!;
    private GatewayProcess _child = null!;
    private Uri _management = null!;
    private Uri _dataplane = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("httpmq-allocation-").FullName;
        var (management, dataplane) = (Ports.Free(), Ports.Free());
        (_management, _dataplane) = (new Uri($"http://127.0.0.1:{management}"), new Uri($"http://127.0.0.1:{dataplane}"));
        _child = HttpmqChild.StartAll(
            _folder,
            management,
            dataplane,
            Ports.Free(),
            [KeyValuePair.Create("Httpmq__Metrics__ListenPort", _metrics.ToString(CultureInfo.InvariantCulture))]);
        await _child.WaitForOutputAsync("NATS");
        await SendAsync(_management, "/v1/admin/stream", """{"name":"cost","subjects":["cost.*"]}""");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _child.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public Task Publish_OneMessage_AllocatesLittle() =>
        AllocatesAsync(atMost: 1_600, () => SendAsync(_dataplane, "/v1/data/subject/cost.publish", "AAECAwQFBgcICQoLDA0ODw=="));

    [Test]
    public async Task Acknowledge_OneDelivery_AllocatesLittle()
    {
        await SendAsync(_management, "/v1/admin/stream/cost/consumer", """{"name":"ack","mode":"pull","max_inflight":10}""");
        const string Consumer = "/v1/data/stream/cost/consumer/ack";
        await SendAsync(_dataplane, "/v1/data/subject/cost.ack?encoding=raw", "x");
        await SendAsync(_dataplane, $"{Consumer}/pull", """{"batch":10,"expires":"10s"}""");

        // What is acknowledged already is confirmed once more.
        await AllocatesAsync(atMost: 2_300, () => SendAsync(_dataplane, $"{Consumer}/ack", """{"stream":1,"consumer":1}"""));
    }

    /// <summary>Until the runtime has optimised the code it boxes numbers, and every pool is filled once.</summary>
    private async Task AllocatesAsync(int atMost, Func<Task> send)
    {
        var last = 0.0;
        await Eventually.HoldsAsync(
            async () =>
            {
                var (before, scrape) = await AllocatedAsync();
                var sent = 0;
                await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
                {
                    while (Interlocked.Increment(ref sent) <= Requests)
                    {
                        await send();
                    }
                }));
                var (after, _) = await AllocatedAsync();
                last = (after - before - scrape) / Requests;
                return last <= atMost;
            },
            () => $"at most {atMost} bytes a request; the last {Requests} allocated {last:F0} each",
            TimeSpan.FromSeconds(60));
    }

    /// <summary>What the process has allocated so far, and what it takes to ask.</summary>
    private async Task<(double Bytes, double OfAsking)> AllocatedAsync()
    {
        using var client = new HttpClient();
        var first = await NextAsync(client);
        var second = await NextAsync(client);
        return (second, second - first);
    }

    /// <summary>An answer is kept for a moment and told again; to make one allocates, so that another has another number.</summary>
    private async Task<double> NextAsync(HttpClient client)
    {
        var last = _told;
        await Eventually.HoldsAsync(
            async () =>
            {
                var text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{_metrics}/metrics"));
                _told = double.Parse(Told().Match(text).Groups["bytes"].Value, CultureInfo.InvariantCulture);
                return _told > last;
            },
            "another number");
        return _told;
    }

    private async Task SendAsync(Uri server, string path, string body)
    {
        using var content = new StringContent(body);
        using var answer = await _http.PostAsync(new Uri(server, path), content);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), await answer.Content.ReadAsStringAsync());
    }

    [GeneratedRegex(
        @"^dotnet_gc_heap_total_allocated_bytes_total\S* (?<bytes>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Told();
}
