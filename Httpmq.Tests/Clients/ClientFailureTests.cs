using System.Net;
using System.Net.Sockets;
using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Clients;

/// <summary>Every failure of the C# client is an <see cref="HttpmqException"/>, whatever answers it.</summary>
internal sealed class ClientFailureTests
{
    private const string CutOff = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"success\":true";
    private const string Subscribed = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private HttpClient _http = null!;

    private DataplaneClient Dataplane => new(_http) { ProtocolVersion = HttpVersion.Version11 };

    private ManagementClient Management => new(_http) { ProtocolVersion = HttpVersion.Version11 };

    [SetUp]
    public void Listen()
    {
        _listener.Start();
        _http = new HttpClient { BaseAddress = new Uri($"http://{_listener.LocalEndpoint}/") };
    }

    [TearDown]
    public void Disconnect()
    {
        _http.Dispose();
        _listener.Dispose();
    }

    [Test]
    public async Task Call_AnswerCutOff_IsAFailureOfTheLibrary()
    {
        var answering = AnswerAsync(CutOff);
        var failure = Assert.CatchAsync<HttpmqException>(() => Management.ListStreamsAsync())!;
        await answering;

        Assert.That(failure, Is.InstanceOf<HttpmqUnreachableException>());
        Assert.That(failure.Message, Does.StartWith($"No answer from {_http.BaseAddress!.GetLeftPart(UriPartial.Authority)}: "));
        Assert.That(failure.InnerException, Is.InstanceOf<HttpRequestException>());
    }

    [Test]
    public void Call_TimeOut_IsAFailureOfTheLibrary()
    {
        _http.Timeout = TimeSpan.FromMilliseconds(200);
        HttpmqException[] failures =
        [
            Assert.CatchAsync<HttpmqException>(() => Dataplane.PublishAsync("s", new byte[] { 1 }))!,
            Assert.CatchAsync<HttpmqException>(async () => await Dataplane.SubscribeAsync("s", "c").GetAsyncEnumerator().MoveNextAsync())!,
        ];

        using (Assert.EnterMultipleScope())
        {
            foreach (var failure in failures)
            {
                Assert.That(failure, Is.InstanceOf<HttpmqUnreachableException>());
                Assert.That(failure.InnerException, Is.InstanceOf<TimeoutException>());
            }
        }
    }

    [Test]
    public async Task Call_CancelledByTheCaller_IsACancellation()
    {
        using var cancel = new CancellationTokenSource();
        var call = Management.ListStreamsAsync(cancellationToken: cancel.Token);
        using var connection = await _listener.AcceptTcpClientAsync().WaitAsync(Eventually.TimeLimit);
        await cancel.CancelAsync();

        Assert.CatchAsync<OperationCanceledException>(() => call);
    }

    [Test]
    public async Task Refusal_OfASubscription_CutOff_IsAFailureOfTheLibrary()
    {
        var answering = AnswerAsync(CutOff.Replace("200 OK", "409 Conflict", StringComparison.Ordinal));
        Assert.CatchAsync<HttpmqException>(async () => await Dataplane.SubscribeAsync("s", "c", "s").GetAsyncEnumerator().MoveNextAsync());
        await answering;
    }

    [TestCase("<html>Bad gateway</html>")]
    [TestCase("{\"success\":true,\"request")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("{\"success\":true,\"sequence\":1}")]
    [TestCase("{\"success\":1}")]
    [TestCase("")]
    public async Task Line_OfASubscription_ThatIsNone_EndsIt(string line)
    {
        var answering = AnswerAsync($"{Subscribed}{line}\n");
        var end = Assert.CatchAsync<HttpmqException>(
            async () => await Dataplane.SubscribeAsync("s", "c", "s").GetAsyncEnumerator().MoveNextAsync())!;
        await answering;

        Assert.That(end, Is.InstanceOf<HttpmqSubscriptionEndedException>());
        Assert.That(end.Message, Does.Contain($"'{line}'"));
    }

    [Test]
    public async Task Replay_CutOffBeforeTheFirstMessage_GoesOnWhereTheGatewayBegan()
    {
        const string Replay = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n";
        var messages = Dataplane.ReplayAsync("s", new ReplayOptions { New = true }).GetAsyncEnumerator();
        var reading = messages.MoveNextAsync().AsTask();

        var first = await AnswerAsync($$"""{{Replay}}{"event":"open","stream":"s","consumer":"","last_sequence":5}{{"\n"}}""");
        var second = await AnswerAsync(
            $$"""{{Replay}}{"success":true,"stream":"s","subject":"s","sequence":{"stream":6,"consumer":1},"b64_msg":""}{{"\n"}}""");

        Assert.That(await reading.WaitAsync(Eventually.TimeLimit), Is.True);
        Assert.That(messages.Current.Sequence, Is.EqualTo(6));
        await messages.DisposeAsync();
        Assert.That(first, Has.None.StartsWith("Last-Event-ID"));
        Assert.That(second, Does.Contain("Last-Event-ID: 5"));
    }

    /// <summary>Reads one request's headers, answers with this text, and closes. The headers, with the request's line.</summary>
    private async Task<IReadOnlyList<string>> AnswerAsync(string text)
    {
        using var connection = await _listener.AcceptTcpClientAsync().WaitAsync(Eventually.TimeLimit);
        using var reader = new StreamReader(connection.GetStream());
        var head = new List<string>();
        while (await reader.ReadLineAsync().WaitAsync(Eventually.TimeLimit) is { Length: > 0 } line)
        {
            head.Add(line);
        }

        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        return head;
    }
}
