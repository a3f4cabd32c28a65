using System.IO.Pipelines;
using System.Net;

namespace Httpmq.Tests.Support;

/// <summary>A body that goes on while the answer is read.</summary>
internal sealed class PipeContent(PipeReader reader) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // Headers first: the answer may start before there is a body.
        await stream.FlushAsync();
        try
        {
            while (await reader.ReadAsync() is var result && !(result.IsCompleted && result.Buffer.IsEmpty))
            {
                foreach (var segment in result.Buffer)
                {
                    await stream.WriteAsync(segment);
                }

                await stream.FlushAsync();
                reader.AdvanceTo(result.Buffer.End);
            }
        }
        finally
        {
            // Whoever writes learns that nobody reads any more.
            await reader.CompleteAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
