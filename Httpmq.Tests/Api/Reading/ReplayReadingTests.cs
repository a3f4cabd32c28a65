using System.Globalization;
using System.Text.Json.Nodes;
using Httpmq.Infrastructure.Reading;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Reading;

/// <summary>
/// What a replay reads by: a consumer of its own where the stream may have one, else requests. Whatever becomes of these, the client
/// gets every message once and in order.
/// </summary>
internal sealed class ReplayReadingTests() : ContractTest("2.0")
{
    private readonly RawJetStream _raw = new(SharedServers.Nats.Url);
    private string _stream = null!;

    private string Path => $"/v1/data/stream/{_stream}/message";

    [SetUp]
    public void Name() => _stream = SharedServers.NewName();

    [OneTimeTearDown]
    public async Task CloseAsync() => await _raw.DisposeAsync();

    [Test]
    public async Task Replay_ManyMessages_HasAllInOrderAndLeavesNoConsumer()
    {
        await CreateAsync();
        await FillAsync(3000);

        await using (var stream = await OpenAsync($"{Path}?follow"))
        {
            await ExpectAsync(stream, 1, 3000);
            Assert.That(await ReplayConsumersAsync(), Has.Count.EqualTo(1));

            await FillAsync(10);
            await ExpectAsync(stream, 3001, 3010);
        }

        await Eventually.HoldsAsync(async () => (await ReplayConsumersAsync()).Count == 0, "no consumer of the replay that ended");
        var lines = await LinesAsync($"{Path}?from_seq=1001");
        Assert.That(lines, Is.EqualTo(Sequences(1001, 3010)));
        await Eventually.HoldsAsync(async () => (await ReplayConsumersAsync()).Count == 0, "no consumer of the replay that is complete");
    }

    [Test]
    public async Task Replay_ItsConsumerIsDeleted_GoesOnWithAnother()
    {
        await CreateAsync();
        await FillAsync(100);
        await using var stream = await OpenAsync($"{Path}?follow");
        for (var round = 1; round <= 5; round++)
        {
            await ExpectAsync(stream, (100 * round) - 99, 100 * round);
            foreach (var consumer in await ReplayConsumersAsync())
            {
                await _raw.TryCallAsync($"CONSUMER.DELETE.{_stream}.{consumer}");
            }

            await FillAsync(100);
        }

        await ExpectAsync(stream, 501, 600);
    }

    [Test]
    public async Task Replay_ClientThatDoesNotRead_IsReadAheadForALittleAndGetsTheRest()
    {
        await CreateAsync();
        await FillAsync(20_000, 1024);
        await using var slow = await OpenAsync($"{Path}?encoding=utf8");
        await ExpectAsync(slow, 1, 1);

        // Beside it another replay of the same stream goes as fast as it can.
        Assert.That(await LinesAsync($"{Path}?encoding=utf8"), Has.Length.EqualTo(20_000));
        var delivered = await DeliveredAsync();
        Assert.That(delivered, Is.LessThan(8000), "what is read ahead, and what the sockets hold");

        // Meanwhile its consumer goes, as that of a client that stands still does after a while.
        await _raw.CallAsync($"CONSUMER.DELETE.{_stream}.{(await ReplayConsumersAsync())[0]}");
        await ExpectAsync(slow, 2, 20_000);
        Assert.That(await slow.NextOrEndAsync(), Is.Null);
    }

    [Test]
    public async Task Replay_StreamIsPurgedMeanwhile_EndsWithWhatIsLeft()
    {
        await CreateAsync();
        await FillAsync(20_000, 1024);
        await using var stream = await OpenAsync(Path);
        await ExpectAsync(stream, 1, 1);

        await _raw.CallAsync($"STREAM.PURGE.{_stream}", new JsonObject { ["seq"] = 19_991 });
        var sequences = await RestAsync(stream);
        Assert.That(sequences, Is.Ordered.And.Unique);
        Assert.That(sequences[^10..], Is.EqualTo(Sequences(19_991, 20_000)));

        await using var emptied = await OpenAsync(Path + "?from_seq=19991");
        await _raw.CallAsync($"STREAM.PURGE.{_stream}");
        Assert.That(await RestAsync(emptied), Has.Length.AtMost(10));
    }

    [Test]
    public async Task Replay_LastMessagesAreDeletedMeanwhile_Ends()
    {
        await CreateAsync();
        await FillAsync(20_000, 1024);
        await using var stream = await OpenAsync(Path);
        await ExpectAsync(stream, 1, 1);
        for (var sequence = 19_500; sequence <= 20_000; sequence++)
        {
            await _raw.CallAsync($"STREAM.MSG.DELETE.{_stream}", new JsonObject { ["seq"] = sequence, ["no_erase"] = true });
        }

        Assert.That(await RestAsync(stream), Is.EqualTo(Sequences(2, 19_499)));
    }

    [TestCase("last", 8)]
    [TestCase("last&subject=>", 8)]
    [TestCase("last&subject=STREAM.>", 8)]
    public async Task Replay_LastOfAStreamWhoseLastWereRemoved_IsTheLastThatIsThere(string query, int expected)
    {
        await CreateAsync();
        await FillAsync(10);
        foreach (var sequence in new[] { 3, 9, 10 })
        {
            await _raw.CallAsync($"STREAM.MSG.DELETE.{_stream}", new JsonObject { ["seq"] = sequence });
        }

        query = query.Replace("STREAM", _stream, StringComparison.Ordinal);
        Assert.That(await LinesAsync($"{Path}?{query}"), Is.EqualTo(new[] { expected }));
    }

    [Test]
    public async Task Replay_FilterWhoseLastMessageIsNotTheStreams_Ends()
    {
        await CreateAsync();
        await FillAsync(100, subject: "a");
        await FillAsync(2000, subject: "b");

        Assert.That(await LinesAsync($"{Path}?subject={_stream}.a"), Is.EqualTo(Sequences(1, 100)));
    }

    [TestCase("subject=STREAM.a.*&subject=STREAM.*.b", Description = "overlap")]
    [TestCase("subject=STREAM.a.*&subject=STREAM.c.b")]
    [TestCase("subject=STREAM.a.b&subject=STREAM.a.*&subject=STREAM.c.b", Description = "one covers another")]
    public async Task Replay_SeveralFilters_HasWhatAnyMatchesOnce(string query)
    {
        await CreateAsync();
        for (var round = 0; round < 50; round++)
        {
            foreach (var subject in new[] { "a.b", "a.x", "c.b", "d.d" })
            {
                await FillAsync(5, subject: subject);
            }
        }

        var expected = Sequences(1, 1000).Where(static sequence => (sequence - 1) % 20 < 15).ToArray();
        query = query.Replace("STREAM", _stream, StringComparison.Ordinal);
        Assert.That(await LinesAsync($"{Path}?{query}"), Is.EqualTo(expected));
        Assert.That(await LinesAsync($"{Path}?{query}&limit=100"), Is.EqualTo(expected[..100]));
        await using var stream = await OpenAsync($"{Path}?{query}&follow");
        Assert.That((await stream.TakeAsync(750)).Select(static line => (int)line.StreamSequence), Is.EqualTo(expected));
        await FillAsync(1, subject: "d.d");
        await FillAsync(1, subject: "c.b");
        Assert.That((await stream.NextAsync()).StreamSequence, Is.EqualTo(1002));
    }

    [TestCase("interest")]
    [TestCase("workqueue")]
    public async Task Replay_StreamThatKeepsMessagesForConsumers_HasNoConsumerOfItAndFollows(string retention)
    {
        await CreateAsync(new JsonObject { ["retention"] = retention });
        await _raw.CreateConsumerAsync(_stream, "c");
        await FillAsync(300);
        await using var stream = await OpenAsync($"{Path}?follow");
        await ExpectAsync(stream, 1, 300);
        for (var sequence = 301; sequence <= 310; sequence++)
        {
            await FillAsync(1);
            await ExpectAsync(stream, sequence, sequence);
        }

        Assert.That(await ConsumersAsync(), Is.EqualTo(["c"]));
        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(310), "nothing is removed");
    }

    [TestCase("limits")]
    [TestCase("workqueue")]
    public async Task Replay_SeveralSubjectsThatAreStoredAllTheTime_HasAllOfThem(string retention)
    {
        const int Count = 3000;
        await CreateAsync(new JsonObject { ["retention"] = retention });
        await using var stream = await OpenAsync($"{Path}?follow&subject={_stream}.a&subject={_stream}.b");
        var publishing = Task.Run(async () =>
        {
            for (var count = 0; count < Count; count += 2)
            {
                await Task.WhenAll(FillAsync(1, subject: "a"), FillAsync(1, subject: "b"));
            }
        });

        await ExpectAsync(stream, 1, Count);
        await publishing;
    }

    [Test]
    public async Task Replay_StreamThatMayHaveOneConsumer_LeavesItToOthers()
    {
        await CreateAsync(new JsonObject { ["max_consumers"] = 1 });
        await FillAsync(300);
        await using var stream = await OpenAsync($"{Path}?follow");
        await ExpectAsync(stream, 1, 300);

        await _raw.CreateConsumerAsync(_stream, "c");
        await FillAsync(1);
        await ExpectAsync(stream, 301, 301);
    }

    [Test]
    public async Task Replay_ManyFollowersOfOneStream_LeaveHalfOfItsConsumersToOthers()
    {
        await CreateAsync(new JsonObject { ["max_consumers"] = 4 });
        await FillAsync(1);
        var followers = new List<OpenStream>();
        for (var count = 1; count <= 5; count++)
        {
            followers.Add(await OpenAsync($"{Path}?follow"));
            await ExpectAsync(followers[^1], 1, 1);
        }

        await FillAsync(1);
        foreach (var follower in followers)
        {
            await ExpectAsync(follower, 2, 2);
            await follower.DisposeAsync();
        }

        Assert.That(await ConsumersAsync(), Has.Count.AtMost(2));
    }

    [Test]
    public async Task Replay_StreamIsMadeAnew_Ends()
    {
        await CreateAsync();
        await FillAsync(100);
        await using var stream = await OpenAsync($"{Path}?follow");
        await ExpectAsync(stream, 1, 100);

        await _raw.CallAsync($"STREAM.DELETE.{_stream}");
        await CreateAsync();
        await FillAsync(200);
        Assert.That((string)(await stream.NextAsync()).Json["error"]!["type"]!, Is.EqualTo("stream-deleted"));
    }

    [Test]
    public async Task Replay_FromBeyondTheEnd_WaitsForThatSequence()
    {
        await CreateAsync();
        await FillAsync(10);
        await using var stream = await OpenAsync($"{Path}?follow&from_seq=15");
        await using var never = await OpenAsync($"{Path}?follow&from_seq={ulong.MaxValue}");
        await FillAsync(10);
        await ExpectAsync(stream, 15, 20);
        Assert.That(await never.IsSilentAsync(TimeSpan.FromMilliseconds(100)), Is.True);
    }

    [Test]
    public async Task Replay_LargeMessages_HasAll()
    {
        await CreateAsync();
        await FillAsync(20, 600 * 1024);
        await FillAsync(100, 10);
        await FillAsync(5, 700 * 1024);

        Assert.That(await LinesAsync($"{Path}?encoding=utf8"), Is.EqualTo(Sequences(1, 125)));
    }

    private Task<JsonNode> CreateAsync(JsonObject? more = null) => _raw.CreateStreamAsync(_stream, [$"{_stream}.>"], more);

    private async Task FillAsync(int count, int size = 1, string subject = "a")
    {
        var record = $$"""{"subject":"{{_stream}}.{{subject}}","msg":"{{new string('x', size)}}"}""";

        // The client reads the outcomes when it has sent all.
        var most = Math.Max(1, Math.Min(2000, 512 * 1024 / size));
        for (var left = count; left > 0; left -= most)
        {
            var answer = await DataAsync("POST", "/v1/data/publish", string.Join('\n', Enumerable.Repeat(record, Math.Min(left, most))));
            Assert.That(answer.Text, Does.Not.Contain("\"success\":false"));
        }
    }

    private async Task<OpenStream> OpenAsync(string path)
    {
        var response = await Client.OpenAsync(HttpMethod.Get, path);
        return new OpenStream(response, await response.Content.ReadAsStreamAsync());
    }

    private static async Task ExpectAsync(OpenStream stream, int first, int last)
    {
        for (var sequence = first; sequence <= last; sequence++)
        {
            Assert.That((int)(await stream.NextAsync()).StreamSequence, Is.EqualTo(sequence));
        }
    }

    private static async Task<int[]> RestAsync(OpenStream stream)
    {
        var sequences = new List<int>();
        while (await stream.NextOrEndAsync() is { } line)
        {
            sequences.Add((int)line.StreamSequence);
        }

        return [.. sequences];
    }

    private async Task<int[]> LinesAsync(string path)
    {
        await using var stream = await OpenAsync(path);
        return await RestAsync(stream);
    }

    private static int[] Sequences(int first, int last) => [.. Enumerable.Range(first, last - first + 1)];

    private async Task<IReadOnlyList<string>> ConsumersAsync() =>
        [.. (await _raw.CallAsync($"CONSUMER.NAMES.{_stream}"))["consumers"]?.AsArray().Select(static name => (string)name!) ?? []];

    private async Task<IReadOnlyList<string>> ReplayConsumersAsync() =>
        [.. (await ConsumersAsync()).Where(static name => name.StartsWith(OrderedConsumer.NamePrefix, StringComparison.Ordinal))];

    private async Task<ulong> DeliveredAsync()
    {
        var info = await _raw.CallAsync($"CONSUMER.INFO.{_stream}.{(await ReplayConsumersAsync())[0]}");
        return ulong.Parse(info["delivered"]!["stream_seq"]!.ToString(), CultureInfo.InvariantCulture);
    }
}
