using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Httpmq.Api.Bodies;
using Httpmq.Api.Publishing;
using Httpmq.Application.Publishing;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>A client that sends nothing but mistakes must not cost more than one that sends messages.</summary>
internal sealed class RefusalCostTests
{
    private const int Rounds = 1000;

    [TestCase("""{"subject":"orders.new","b64_msg":"aGVsbG8gd29ybGQ="}""", 160)]
    [TestCase("""{"subject":"orders..new","b64_msg":"aGk="}""", 160)]
    [TestCase("""{"subject":"orders.new","b64_msg":""}""", 0)]
    [TestCase("""{"subject":"orders.new"}""", 0)]
    [TestCase("""[1]""", 0)]
    public async Task RefusedRecord_ReadAndAnswered_AllocatesNoMoreThan(string record, int most)
    {
        var line = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(record));
        using var reader = new BatchRecordReader(maxMessage: 8, new BodyBuffers(long.MaxValue));
        var output = PipeWriter.Create(Stream.Null);
        using var writer = new BatchOutcomeWriter(output);
        long before = 0;
        for (var round = 0; round < 2 * Rounds; round++)
        {
            // What is written to nowhere is written at once, so this stays on its thread.
            before = round == Rounds ? GC.GetAllocatedBytesForCurrentThread() : before;
            writer.Write(1, PublishOutcome.Failed(reader.Read(line, out _)!), warnings: null);
            await output.FlushAsync();
        }

        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before) / Rounds, Is.LessThanOrEqualTo(most));
    }
}
