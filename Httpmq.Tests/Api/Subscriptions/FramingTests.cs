using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>The bytes of a subscription, held against the recorded ones.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class FramingTests(string version) : SubscriptionTest(version)
{
    [Test]
    public async Task Subscribe_TwoMessages_AreTheRecordedLinesAndNothingElse()
    {
        await First.DefineStreamAsync(Stream, $"{Stream}.a");
        await First.DefineConsumerAsync(Stream, "c1");
        using var response = await OpenAsync("sub-rid-1");
        await using var body = await response.Content.ReadAsStreamAsync();
        await First.PublishAsync($"{Stream}.a", "msg 0");
        await First.PublishAsync($"{Stream}.a", "msg 1");

        var expected = Line(1, "bXNnIDA=") + Line(2, "bXNnIDE=");
        var bytes = new byte[expected.Length];
        await body.ReadExactlyAsync(bytes);
        var more = async () => await body.ReadAsync(bytes).AsTask().WaitAsync(TimeSpan.FromMilliseconds(300));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Encoding.UTF8.GetString(bytes), Is.EqualTo(expected));
            Assert.That(more, Throws.TypeOf<TimeoutException>(), "something followed the two lines");
        }
    }

    [Test]
    public async Task Subscribe_NoMessageYet_SendsTheHeadersAtOnce()
    {
        await First.DefineStreamAsync(Stream, $"{Stream}.a");
        await First.DefineConsumerAsync(Stream, "c1");

        using var response = await OpenAsync("sub-rid-2");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("text/event-stream"));
            Assert.That(response.Headers.CacheControl!.ToString(), Is.EqualTo("no-cache"));
            Assert.That(response.Headers.GetValues("X-Accel-Buffering"), Is.EqualTo(["no"]));
            Assert.That(response.Headers.GetValues("Httpmq-Request-ID"), Is.EqualTo(["sub-rid-2"]));
        }
    }

    [Test]
    public async Task Subscribe_WithoutRequestId_PutsTheOneOfTheHeaderIntoEveryLine()
    {
        await First.DefineStreamAsync(Stream, $"{Stream}.a");
        await First.DefineConsumerAsync(Stream, "c1");
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}.a");
        await First.PublishAsync($"{Stream}.a", "one");
        await First.PublishAsync($"{Stream}.a", "two");

        var lines = await subscription.TakeAsync(2);

        var id = subscription.Response.Headers.GetValues("Httpmq-Request-ID").Single();
        Assert.That(lines.Select(line => (string)line.Json["request_id"]!), Is.All.EqualTo(id));
    }

    [TestCase("&", true)]
    [TestCase("&metadata=false", true)]
    [TestCase("?", false)]
    public async Task Subscribe_ToAWildcardOrToNothing_SaysBothSubjects(string more, bool named)
    {
        await First.DefineStreamAsync(Stream, $"{Stream}.*");
        await First.DefineConsumerAsync(Stream, "c1");
        await using var subscription = await First.SubscribeAsync(Stream, "c1", named ? $"subject_name={Stream}.*{more}" : string.Empty);
        await First.PublishAsync($"{Stream}.a", "one");

        var line = await subscription.NextAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)line.Json["subject"]!, Is.EqualTo(named ? $"{Stream}.*" : $"{Stream}.a"));
            Assert.That((string)line.Json["message_subject"]!, Is.EqualTo($"{Stream}.a"));
            Assert.That(line.Json["deliveries"], Is.Null);
        }
    }

    [Test]
    public async Task Subscribe_ToOneOfTheSubjects_ReceivesAllOfThemAndSaysTheOneAskedFor()
    {
        await First.DefineStreamAsync(Stream, $"{Stream}.*");
        await First.DefineConsumerAsync(Stream, "c1");
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}.a");
        await First.PublishAsync($"{Stream}.a", "one");
        await First.PublishAsync($"{Stream}.b", "two");

        var lines = await subscription.TakeAsync(2);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines.Select(line => (string)line.Json["subject"]!), Is.All.EqualTo($"{Stream}.a"));
            Assert.That(lines.Select(line => (string)line.Json["message_subject"]!), Is.EqualTo([$"{Stream}.a", $"{Stream}.b"]));
        }
    }

    [TestCase("push")]
    [TestCase("pull")]
    public async Task Subscribe_WithMetadata_SaysDeliveriesPendingTimeAndToken(string mode)
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(
            Stream, "c1", new JsonObject { ["mode"] = mode, ["max_inflight"] = 1, ["ack_wait"] = 1_000_000_000 });
        await First.PublishAsync(Stream, "one");
        await First.PublishAsync(Stream, "two");
        var stored = TimeProvider.System.GetUtcNow();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", "metadata=true");

        var first = (await subscription.NextAsync()).Json;
        var again = (await subscription.NextAsync()).Json;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.AsObject().Select(field => field.Key), Is.EqualTo(new[]
            {
                "success", "request_id", "stream", "subject", "consumer", "sequence", "b64_msg", "message_subject", "deliveries", "pending",
                "time", "token",
            }));
            Assert.That(((int)first["deliveries"]!, (int)again["deliveries"]!), Is.EqualTo((1, 2)));
            Assert.That((int)first["pending"]!, Is.EqualTo(1));
            Assert.That((string)first["time"]!, Does.EndWith("Z"));
            Assert.That((DateTimeOffset)first["time"]!, Is.EqualTo(stored).Within(TimeSpan.FromSeconds(30)));
            Assert.That((string)again["token"]!, Is.Not.EqualTo((string)first["token"]!), "names one delivery");
        }

        var token = DeliveryToken.Of(StreamName.OfExisting(Stream), ConsumerName.OfExisting("c1"));
        Assert.That(token.TryParse(Encoding.UTF8.GetBytes((string)again["token"]!), out var named), Is.True);
        Assert.That(named, Is.EqualTo(new DeliverySequence(1, 2)));
    }

    [Test]
    public async Task Subscribe_EndedByTheServer_HasAFailureAsLastLineAndThenTheEnd()
    {
        await First.DefineStreamAsync(Stream, $"{Stream}.a");
        await First.DefineConsumerAsync(Stream, "c1");
        using var response = await OpenAsync("sub-rid-3");
        await First.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{Stream}/consumer/c1");

        var text = await response.Content.ReadAsStringAsync();

        var line = JsonNode.Parse(text)!.AsObject();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.EndWith("}\n"));
            Assert.That(text.Count(character => character == '\n'), Is.EqualTo(1));
            Assert.That(line.Select(field => field.Key), Is.EqualTo(["success", "request_id", "error"]));
            Assert.That((bool)line["success"]!, Is.False);
            Assert.That((string)line["request_id"]!, Is.EqualTo("sub-rid-3"));
            Assert.That(line["error"]!.AsObject().Select(field => field.Key), Is.EqualTo(["code", "message", "detail", "type"]));
        }
    }

    private string Line(int sequence, string base64) =>
        $$"""{"success":true,"request_id":"sub-rid-1","stream":"{{Stream}}","subject":"{{Stream}}.a","consumer":"c1","sequence":{"stream":{{sequence}},"consumer":{{sequence}}},"b64_msg":"{{base64}}","message_subject":"{{Stream}}.a"}"""
            + "\n";

    private async Task<HttpResponseMessage> OpenAsync(string requestId)
    {
        using var http = new HttpClient(new SocketsHttpHandler(), disposeHandler: false);
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri(Instances.First.Dataplane, $"/v1/data/stream/{Stream}/consumer/c1?subject_name={Stream}.a"));
        request.Version = Version;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.Add("Httpmq-Request-ID", requestId);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
