using System.Buffers;
using System.Text;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Tests.Infrastructure.Requests;

/// <summary>What nats-server says as text alone.</summary>
internal sealed class ForeignTextTests
{
    [TestCase("Consumer Deleted", PullConflict.ConsumerDeleted)]
    [TestCase("Consumer is push based", PullConflict.BecamePush)]
    [TestCase("Exceeded MaxRequestBatch of 10", PullConflict.BatchTooLarge)]
    [TestCase("Exceeded MaxRequestExpires of 5s", PullConflict.ExpiresTooLong)]
    [TestCase("Exceeded MaxWaiting", PullConflict.TooManyWaiting)]
    [TestCase("Exceeded MaxRequestMaxBytes of 1000", PullConflict.BytesTooMany)]
    [TestCase("Batch Completed", PullConflict.Completed)]
    [TestCase("Leadership Change", PullConflict.Other)]
    [TestCase("Server Shutdown", PullConflict.Other)]
    [TestCase("Message Size Exceeds MaxBytes", PullConflict.MessageTooLarge)]
    public void ReadConflict_StatusLine_IsKnown(string text, object expected) => Assert.That(
        StatusHeaders.ReadConflict(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes($"NATS/1.0 409 {text}\r\n\r\n"))),
        Is.EqualTo(expected));

    [TestCase("stream store EOF", DeleteRefusal.NotThere)]
    [TestCase("message not found", DeleteRefusal.NotThere)]
    [TestCase("no message found: Not Found", DeleteRefusal.NotThere)]
    [TestCase("message delete not permitted", DeleteRefusal.NotPermitted)]
    [TestCase("stream is sealed", DeleteRefusal.NotPermitted)]
    [TestCase("disk I/O error", DeleteRefusal.Other)]
    [TestCase(null, DeleteRefusal.Other)]
    public void Read_RefusalToDelete_IsKnown(string? description, object expected) =>
        Assert.That(DeleteRefusals.Read(description), Is.EqualTo(expected));
}
