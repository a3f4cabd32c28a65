using System.Text;
using Httpmq.Infrastructure.EmbeddedNats;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>The answers are those of nats-server 2.15.1.</summary>
internal sealed class StuckStreamsTests
{
    private const string WriteError =
        """{"type":"STREAM","account":"$G","stream":"F","error":"JetStream stream '$G \u003e F' write error: write /d/1.blk: no space left on device"}""";

    private const string Unrecovered =
        """{"type":"STREAM","account":"$G","stream":"E","error":"JetStream stream '$G \u003e E' could not be recovered"}""";

    private const string Expected =
        "stream F takes no message until nats-server is restarted, because writing it failed (no space left on device)";

    [TestCase(Unrecovered, "")]
    [TestCase(WriteError, Expected)]
    [TestCase($"{Unrecovered},{WriteError},{WriteError}", Expected + " (and 1 more)")]
    public void Describe_Errors_NamesTheStuckOnes(string errors, string expected) =>
        Assert.That(StuckStreams.Describe(
            Encoding.UTF8.GetBytes($$"""{"status":"error","errors":[{{errors}}]}""").AsMemory()), Is.EqualTo(expected));

    [TestCase("{}")]
    [TestCase("""{"status":"unavailable","error":"JetStream not enabled"}""")]
    public void Describe_OtherTrouble_IsEmpty(string body) =>
        Assert.That(StuckStreams.Describe(Encoding.UTF8.GetBytes(body).AsMemory()), Is.Empty);

    [Test]
    public void Describe_LineOfTheLog_SaysTheSame() => Assert.That(
        StuckStreams.Describe("JetStream stream '$G > F' critical write error: write /d/1.blk: no space left on device"),
        Is.EqualTo(Expected));

    [TestCase("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}", "")]
    [TestCase("HTTP/1.0 503 Service Unavailable\r\nA: b\r\n\r\n{\"errors\":[" + WriteError + "]}", Expected)]
    [TestCase("HTTP/1.0 404 Not Found\r\n\r\n404 page not found", null)]
    [TestCase("HTTP/1.0 503 Service", null)]
    [TestCase("", null)]
    public void Read_Answer_TellsNothingFromNoAnswer(string answer, string? expected) =>
        Assert.That(StuckStreams.Read(answer), Is.EqualTo(expected));
}
