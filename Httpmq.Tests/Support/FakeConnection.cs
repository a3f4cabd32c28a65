using Httpmq.Infrastructure.Connection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Support;

/// <summary>A connection of requests to a server within this process, by a clock of its own.</summary>
internal sealed class FakeConnection : IAsyncDisposable
{
    private readonly FakeLifetime _lifetime = new();

    private FakeConnection(FakeNats server, NatsOptions options)
    {
        Server = server;
        Options = options;
        Link = new RequestLink(options, _lifetime, Time, NullLoggerFactory.Instance);
    }

    public FakeNats Server { get; }

    public NatsOptions Options { get; }

    public RequestLink Link { get; }

    public FakeTimeProvider Time { get; } = new();

    public static async Task<FakeConnection> OpenAsync(Func<NatsOptions, NatsOptions>? change = null, string version = "2.10.27")
    {
        var server = new FakeNats { Version = version };
        var options = new NatsOptions { Url = server.Url };
        var connection = new FakeConnection(server, change?.Invoke(options) ?? options);
        await connection.Link.StartAsync(CancellationToken.None);
        await connection.PassesUntilAsync(() => connection.Link.IsOpen, "open");
        return connection;
    }

    /// <summary>Time goes on until it holds.</summary>
    public Task PassesUntilAsync(Func<bool> condition, string what) => Eventually.HoldsAsync(
        () =>
        {
            var holds = condition();
            Time.Advance(holds ? TimeSpan.Zero : TimeSpan.FromMilliseconds(100));
            return holds;
        },
        what);

    /// <summary>Time goes on until it is done.</summary>
    public async Task<T> PassesUntilAsync<T>(Task<T> task, string what)
    {
        await PassesUntilAsync(() => task.IsCompleted, what);
        return await task;
    }

    public async ValueTask DisposeAsync()
    {
        await Link.StopAsync(CancellationToken.None);
        await Link.DisposeAsync();
        await Server.DisposeAsync();
        _lifetime.Dispose();
    }
}
