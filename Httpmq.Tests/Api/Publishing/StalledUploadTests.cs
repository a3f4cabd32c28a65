using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>Clients that send and do not read what they are answered leave room for others on their connection of HTTP/2.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class StalledUploadTests
{
    private const int Piece = 16 * 1024;

    // Also more than the connection has room for.
    [TestCase(1)]
    [TestCase(OpenStreams.MostHolding)]
    [TestCase((2 * OpenStreams.MostHolding) + 4)]
    public async Task Publish_BesideBatchesWhoseOutcomesNobodyReads_IsStored(int count)
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        using var client = gateway.Client();
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        var record = Encoding.ASCII.GetBytes($$"""{"subject":"{{stream}}","msg":""}{{"\n"}}""");
        var batches = await StartAsync(client, "/v1/data/publish", count);

        await ExpectRoomAsync(client, stream, batches, [.. Enumerable.Repeat(record, Piece / record.Length).SelectMany(static one => one)]);
    }

    [Test]
    public async Task Publish_BesideSubscribersWhoDoNotReadHowTheirSettlementsEnded_IsStored()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        using var client = gateway.Client();
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c", new JsonObject { ["mode"] = "pull" });

        // Nothing is asked of JetStream, and the answer is longer than the settlement.
        const string Settlement = """{"ack":[{"token":"x"}]}""" + "\n";
        var sessions = await StartAsync(client, $"/v1/data/stream/{stream}/consumer/c/duplex", count: 8);

        await ExpectRoomAsync(
            client, stream, sessions, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Settlement, Piece / Settlement.Length))));
    }

    private static async Task<IReadOnlyList<Upload>> StartAsync(GatewayClient client, string path, int count)
    {
        var uploads = new List<Upload>();
        while (uploads.Count < count)
        {
            uploads.Add(await Upload.StartAsync(client, path));
        }

        return uploads;
    }

    private static async Task ExpectRoomAsync(GatewayClient client, string stream, IReadOnlyList<Upload> uploads, byte[] piece)
    {
        try
        {
            var sending = uploads.Select(upload => upload.SendAsync(piece)).ToArray();
            await Eventually.HoldsAsync(
                () => uploads.Sum(static upload => upload.Sent)
                    > (long)OpenStreams.StreamWindow * Math.Min(uploads.Count, OpenStreams.ConnectionWindow / OpenStreams.StreamWindow),
                "all windows full",
                TimeSpan.FromSeconds(120));

            var body = new StringContent(new string('x', 100_000));
            var publish = await client.SendRawAsync(HttpMethod.Post, $"/v1/data/subject/{stream}?encoding=raw", body);

            Assert.That(publish.Status, Is.EqualTo(HttpStatusCode.OK), publish.Text);
            Assert.That(
                sending.Count(static one => one.IsCompleted),
                Is.LessThanOrEqualTo(Math.Max(0, uploads.Count - OpenStreams.MostHolding)),
                "no more are cut off than must be");
        }
        finally
        {
            foreach (var upload in uploads)
            {
                await upload.DisposeAsync();
            }
        }
    }

    /// <summary>A request that goes on, and an answer that nobody reads.</summary>
    private sealed class Upload(HttpResponseMessage response, PipeWriter body) : IAsyncDisposable
    {
        private long _sent;
        private Task _sending = Task.CompletedTask;

        public long Sent => Volatile.Read(ref _sent);

        public static async Task<Upload> StartAsync(GatewayClient client, string path)
        {
            var pipe = new Pipe();
            var response = await client.OpenAsync(HttpMethod.Post, path, new PipeContent(pipe.Reader));
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            return new Upload(response, pipe.Writer);
        }

        /// <summary>Sends as much as it may, until it is cut off.</summary>
        public Task SendAsync(byte[] piece) => _sending = Task.Run(async () =>
        {
            while (!(await body.WriteAsync(piece)).IsCompleted)
            {
                Interlocked.Add(ref _sent, piece.Length);
            }
        });

        public async ValueTask DisposeAsync()
        {
            response.Dispose();
            await _sending.WaitAsync(Eventually.TimeLimit);
            await body.CompleteAsync();
        }
    }
}
