using System.Text;
using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>A store that another version of nats-server has written.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class StoreVersionTests : EmbeddedNatsFixture
{
    // Stream "kept" as nats-server 2.10.27 leaves it: three messages, of which the second was deleted.
    private const string Description =
        """
        {"Created":"2026-11-24T16:36:58.102488439Z","name":"kept","subjects":["kept"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{}}
        """;

    private const string Checksum = "a148b334c0204d46";

    private const string Block =
        "KwAAAAEAAAAAAAAAy3DbBn8I6xgEAGtlcHRtZXNzYWdlIDGrbj+0L8lbXisAAAACAAAAAAAAgAAAAAAAAAAAAACo+PBz2VVLVGAkIExnB77MvXvnSy4rAAAAAwAAAAAA"
        + "AADNp+QGfwjrGAQAa2VwdG1lc3NhZ2UgM/66U0EW9ivBHgAAAAIAAAAAAABA/9/fBn8I6xgAAHl7B2ODI1H+";

    [Test]
    public async Task Start_StoreOfANewerServer_Warns()
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "nats-server.version"), "99.1.2\n");

        var server = await StartAsync();

        Assert.That(
            server.Warnings.Single(), Does.StartWith($"The store was last used by nats-server 99.1.2, and this is {server.Version}"));
        Assert.That(Log.Lines, Has.Member(("Httpmq.EmbeddedNats", LogLevel.Warning, server.Warnings.Single())));
    }

    [TestCase(null)]
    [TestCase("2.8.4")]
    [TestCase("no version")]
    public async Task Start_StoreOfAnOlderOrUnknownServer_WarnsNotAndRemembers(string? before)
    {
        var file = Path.Combine(Folder, "nats-server.version");
        if (before is not null)
        {
            await File.WriteAllTextAsync(file, before);
        }

        var server = await StartAsync();

        Assert.That(server.Warnings, Is.Empty);
        Assert.That((await File.ReadAllTextAsync(file)).Trim(), Is.EqualTo(server.Version));
    }

    /// <summary>
    /// Before 2.10 a server takes the tombstone for a message, and what it stored from then on would be lost to newer ones.
    /// </summary>
    [Test]
    public async Task Start_StoreWithADeletedMessage_IsReadAsItIsOrRefused()
    {
        var block = await WriteStreamAsync(Description);
        if (!ServerUnderTest.Facts.ReadsNewerBlocks)
        {
            var refused = Create();
            Assert.That(
                RefusalOf(refused), Does.Contain("messages that were deleted from stream kept").And.Contain("embedded_nats.executable"));
            Assert.That(refused.ProcessId, Is.Null);
            Assert.That(Convert.ToBase64String(await File.ReadAllBytesAsync(block)), Is.EqualTo(Block));
            return;
        }

        var server = await StartAsync();
        await using var connection = Connect(server);
        var state = (await new NatsJSContext(connection).GetStreamAsync("kept")).Info.State;
        Assert.That((state.Messages, state.LastSeq), Is.EqualTo((2, 3UL)));
    }

    /// <summary>Before 2.10 a server deletes compressed blocks when it opens them.</summary>
    [Test]
    public async Task Start_CompressedStream_IsOpenedOnlyByAServerThatReadsIt()
    {
        var block = await WriteStreamAsync(Description.Replace("\"none\"", "\"s2\"", StringComparison.Ordinal));
        if (ServerUnderTest.Facts.ReadsNewerBlocks)
        {
            Assert.That((await StartAsync()).State, Is.EqualTo(EmbeddedNatsState.Running));
            return;
        }

        Assert.That(RefusalOf(Create()), Does.Contain("stream kept is compressed").And.Contain("embedded_nats.executable"));
        Assert.That(Convert.ToBase64String(await File.ReadAllBytesAsync(block)), Is.EqualTo(Block));
    }

    private async Task<string> WriteStreamAsync(string description)
    {
        var stream = Path.Combine(Folder, "jetstream", "$G", "streams", "kept");
        var block = Path.Combine(Directory.CreateDirectory(Path.Combine(stream, "msgs")).FullName, "1.blk");
        Directory.CreateDirectory(Path.Combine(stream, "obs"));
        await File.WriteAllTextAsync(
            Path.Combine(stream, "meta.inf"), description, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        await File.WriteAllTextAsync(Path.Combine(stream, "meta.sum"), Checksum);
        await File.WriteAllBytesAsync(block, Convert.FromBase64String(Block));
        return block;
    }
}
