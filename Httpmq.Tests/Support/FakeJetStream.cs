using System.Collections.Concurrent;
using NATS.Client.Core;

namespace Httpmq.Tests.Support;

/// <summary>
/// Answers on JetStream's subjects in its place, to say what a real one says in rare moments only. It runs on a nats-server
/// without JetStream, where these are subjects like any other.
/// </summary>
internal sealed class FakeJetStream : IAsyncDisposable
{
    private readonly NatsServer _server;
    private readonly NatsConnection _connection;
    private readonly ConcurrentBag<Task> _answering = [];
    private readonly CancellationTokenSource _stopping = new();

    private FakeJetStream(NatsServer server)
    {
        _server = server;
        _connection = new NatsConnection(new NatsOpts { Url = server.Url });
    }

    public string Url => _server.Url;

    public static async Task<FakeJetStream> StartAsync() => new(await ServerUnderTest.StartWithoutJetStreamAsync());

    /// <summary>Answers every request on the subject; null: never.</summary>
    public async Task AnswerAsync(string subject, Func<string?> answer)
    {
        var subscription = await _connection.SubscribeCoreAsync<string>(subject);
        _answering.Add(AnswerAllAsync(subscription, answer));
        await _connection.PingAsync();
    }

    public async Task TellAsync(string subject)
    {
        await _connection.PublishAsync(subject, "{}");
        await _connection.PingAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_answering);
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task AnswerAllAsync(INatsSub<string> subscription, Func<string?> answer)
    {
        await using (subscription)
        {
            try
            {
                await foreach (var request in subscription.Msgs.ReadAllAsync(_stopping.Token))
                {
                    if (answer() is { } text)
                    {
                        await request.ReplyAsync(Typed(text), cancellationToken: _stopping.Token);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The end.
            }
        }
    }

    /// <summary>Every JSON answer of JetStream says what it is.</summary>
    private static string Typed(string text) => text switch
    {
        "{}" => """{"type":"io.nats.jetstream.api.v1.fake_response"}""",
        ['{', ..] => text.Insert(1, "\"type\":\"io.nats.jetstream.api.v1.fake_response\","),
        _ => text,
    };
}
