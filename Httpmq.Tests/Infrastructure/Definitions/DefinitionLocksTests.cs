using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Definitions;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Httpmq.Tests.Infrastructure.Definitions;

/// <summary>Locks on a broker that answers as the test wants.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DefinitionLocksTests : IAsyncDisposable
{
    private const string Held = """{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 1"}}""";
    private const string Usable = """{"config":{"subjects":["$KV.httpmq_locks.>"],"max_age":15000000000,"retention":"limits"}}""";

    private static readonly Operation Operation = new(OperationKind.ChangeLimits, "s");

    private FakeConnection _connection = null!;

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [Test]
    public async Task Run_HeldAndThenNoAnswerUntilTheRequestsTimeIsUp_SaysThatAnotherChangeIsUnderWay()
    {
        var locks = await OpenAsync();
        var asked = 0;
        _connection.Server.Answer = subject => subject.StartsWith(LockSubjects.Prefix, StringComparison.Ordinal)
            ? Interlocked.Increment(ref asked) == 1 ? Held : null
            : Usable;
        using var time = new CancellationTokenSource();

        var run = RunAsync(locks, time.Token);
        await _connection.PassesUntilAsync(() => Volatile.Read(ref asked) > 1, "a second attempt");
        await time.CancelAsync();

        Assert.That(Assert.ThrowsAsync<HttpmqException>(() => run)!.Error, Is.EqualTo(DefinitionErrors.UnderWay(Operation)));
    }

    [Test]
    public async Task Run_NeverAnswered_IsGivenUpByItsCaller()
    {
        var locks = await OpenAsync();
        using var time = new CancellationTokenSource();

        var run = RunAsync(locks, time.Token);
        await _connection.PassesUntilAsync(() => _connection.Server.Asked.Any(), "a request");
        await time.CancelAsync();

        Assert.CatchAsync<OperationCanceledException>(() => run);
    }

    private static Task RunAsync(DefinitionLocks locks, CancellationToken cancellationToken) =>
        locks.RunAsync(Operation, StreamName.TryParse("s", out var stream)
            ? stream
            : default, null, static _ => throw new InvalidOperationException("without the lock"), cancellationToken);

    private async Task<DefinitionLocks> OpenAsync()
    {
        _connection = await FakeConnection.OpenAsync();
        var api = new JetStreamApi(_connection.Link, _connection.Options, _connection.Time);
        return new DefinitionLocks(
            new LockStream(api, _connection.Link, _connection.Options),
            _connection.Time,
            NullLogger<DefinitionLocks>.Instance);
    }
}
