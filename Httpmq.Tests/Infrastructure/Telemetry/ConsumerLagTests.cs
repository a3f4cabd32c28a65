using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Telemetry;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Httpmq.Tests.Infrastructure.Telemetry;

/// <summary>What is asked of JetStream for the lag, and what is left out; the server answers as the test wants.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ConsumerLagTests : IAsyncDisposable
{
    private const string Streams = """
        {"type":"io.nats.jetstream.api.v1.stream_list_response","total":4,"streams":[
        {"config":{"name":"a"},"state":{"messages":5,"consumer_count":3}},
        {"config":{"name":"KV_httpmq_locks"},"state":{"messages":1,"consumer_count":1}},
        {"config":{"name":"b"},"state":{"messages":0,"consumer_count":0}},
        {"config":{"name":"c"},"state":{"messages":5,"consumer_count":2}}]}
        """;

    private const string Consumers = """
        {"type":"io.nats.jetstream.api.v1.consumer_list_response","total":3,"consumers":[
        {"name":"x","config":{"durable_name":"x"},"num_pending":1},
        {"name":"kq3Zs9","config":{},"num_pending":9},
        {"name":"y","config":{"durable_name":"y"},"num_pending":2}]}
        """;

    private FakeConnection _connection = null!;

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [TestCase(10, "a b c", "a/x a/y c/x c/y", 0)]
    [TestCase(3, "a b c", "a/x a/y c/x", 1)]
    [TestCase(2, "a b", "a/x a/y", 1)]
    [TestCase(1, "a", "a/x", 3)]
    public async Task Gather_StreamsAndConsumers_TakesNoMoreThanItMayAndCountsTheOthers(
        int most, string streams, string consumers, int omitted)
    {
        var lag = await OpenAsync(most);
        _connection.Server.Answer = static subject => subject.EndsWith("STREAM.LIST", StringComparison.Ordinal) ? Streams : Consumers;

        var gathered = await lag.GatherAsync(CancellationToken.None);

        var found = gathered.Consumers.Select(static consumer => $"{consumer.Stream}/{consumer.Name}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(string.Join(' ', gathered.Streams.Select(static stream => stream.Name)), Is.EqualTo(streams));
            Assert.That(string.Join(' ', found), Is.EqualTo(consumers));
            Assert.That(gathered.Omitted, Is.EqualTo(omitted));
            Assert.That(_connection.Server.Asked, Has.None.Contains("KV_httpmq_locks").And.None.Contains("CONSUMER.LIST.b"));
        }
    }

    [Test]
    public async Task Gather_StreamDeletedMeanwhile_GoesOnWithTheOthers()
    {
        var lag = await OpenAsync(10);
        _connection.Server.Answer = static subject =>
            subject.EndsWith("STREAM.LIST", StringComparison.Ordinal) ? Streams
            : subject.EndsWith(".a", StringComparison.Ordinal)
                ? """{"type":"io.nats.jetstream.api.v1.consumer_list_response","error":{"code":404,"err_code":10059}}"""
            : Consumers;

        var gathered = await lag.GatherAsync(CancellationToken.None);

        Assert.That(gathered.Consumers.Select(static consumer => consumer.Stream), Is.EqualTo(new[] { "c", "c" }));
    }

    [Test]
    public async Task Gather_JetStreamIsSilent_FailsInTime()
    {
        var lag = await OpenAsync(10);

        var gathering = lag.GatherAsync(CancellationToken.None);
        await _connection.PassesUntilAsync(() => gathering.IsCompleted, "the end");

        Assert.ThrowsAsync<HttpmqException>(() => gathering);
    }

    private async Task<ConsumerLag> OpenAsync(int most)
    {
        _connection = await FakeConnection.OpenAsync();
        return new ConsumerLag(
            new JetStreamApi(_connection.Link, _connection.Options, _connection.Time),
            new LagOptions(TimeSpan.FromSeconds(15), most),
            _connection.Time,
            NullLogger<ConsumerLag>.Instance);
    }
}
