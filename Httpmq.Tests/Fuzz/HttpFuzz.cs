using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Fuzz;

/// <summary>
/// Nonsense over real HTTP, against a nats-server and a gateway of its own: what is there in the end is what was answered with 200,
/// and no answer says that the gateway failed.
/// </summary>
internal abstract class HttpFuzz(string version) : ContractTest(version)
{
    private NatsServer _nats = null!;

    protected Gateway Server { get; private set; } = null!;

    protected string NatsUrl => _nats.Url;

    /// <summary>What JetStream has, not by way of the gateway.</summary>
    protected RawJetStream JetStream { get; private set; } = null!;

    protected Random Random { get; private set; } = null!;

    protected Nonsense Nonsense { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _nats = await ServerUnderTest.StartAsync();
        Server = await OwnGateway.StartAsync(_nats);
        JetStream = new RawJetStream(_nats.Url);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await JetStream.DisposeAsync();
        await Server.DisposeAsync();
        await _nats.DisposeAsync();
    }

    [SetUp]
    public void Seed() => Nonsense = new Nonsense(Random = new Random(FuzzRun.Seed));

    [TearDown]
    public async Task BothPorts_Afterwards_AreReady()
    {
        (await SendAsync(Server.Management, "GET", "/v1/admin/ready", body: null)).Expect(200);
        (await SendAsync(Server.Dataplane, "GET", "/v1/data/ready", body: null)).Expect(200);
    }

    /// <summary>Runs the cases; a failure tells in the test's output how to have it again.</summary>
    protected static async Task RunAsync(int cases, Func<int, Task> next)
    {
        for (var number = 0; number < FuzzRun.Cases(cases); number++)
        {
            try
            {
                await next(number);
            }
            catch
            {
                await TestContext.Out.WriteLineAsync(
                    $"case {number} of HTTPMQ_FUZZ_SEED={FuzzRun.Seed} HTTPMQ_FUZZ_CASES={FuzzRun.Cases(cases)}");
                throw;
            }
        }
    }

    /// <summary>
    /// The answer, held to what every answer promises; null where the server refused the request below any route, as a path with a
    /// zero in it, and where such a target cannot be sent at all.
    /// </summary>
    protected async Task<WireAnswer?> TryAsync(Uri server, string method, string target, byte[]? body = null, string? headers = null)
    {
        var what = $"{method} {target} {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body?.Length ?? 0, 1000)))} {headers}";
        WireAnswer answer;
        try
        {
            using var content = body is null ? null : new ByteArrayContent(body);
            answer = await SendAsync(server, method, target, content, headers);
        }
        catch (UriFormatException)
        {
            return null;
        }
        catch (HttpRequestException exception) when (exception.InnerException is HttpProtocolException { ErrorCode: 1 })
        {
            // Over HTTP/2 the server resets the stream.
            return null;
        }

        if (!answer.Response.Headers.Contains(WireAnswer.RequestIdHeader))
        {
            Assert.That((answer.Status, answer.Text), Is.EqualTo((400, string.Empty)).Or.EqualTo((431, string.Empty)), what);
            return null;
        }

        // JetStream has no room for a stream that wants to reserve more than the disk has.
        var hasRoom = body is null || !what.Contains("max_bytes", StringComparison.OrdinalIgnoreCase);
        Assert.That(answer.Status, hasRoom ? Is.LessThan(500) : Is.LessThan(500).Or.EqualTo(507), $"{what}: {answer.Text}");
        return answer.Header("Content-Type") is "application/x-ndjson" ? answer : answer.Expect(answer.Status);
    }

    /// <summary>Every message of a stream, by its sequence.</summary>
    protected async Task<Dictionary<ulong, (string Subject, byte[] Bytes)>> StoredAsync(string stream)
    {
        var messages = new Dictionary<ulong, (string, byte[])>();
        var last = (ulong)(await JetStream.CallAsync($"STREAM.INFO.{stream}"))["state"]!["last_seq"]!;
        for (var sequence = 1UL; sequence <= last; sequence++)
        {
            var message = (await JetStream.CallAsync($"STREAM.MSG.GET.{stream}", new JsonObject { ["seq"] = sequence }))["message"]!;
            messages[sequence] = ((string)message["subject"]!, Convert.FromBase64String((string?)message["data"] ?? string.Empty));
        }

        return messages;
    }
}
