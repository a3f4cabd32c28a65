using System.IO.Pipelines;

namespace Httpmq.Api.Http;

/// <summary>A request whose body may go on after its answer is complete.</summary>
internal static class OpenRequest
{
    // How long a client that has its answer has to end its request, before its stream is closed.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Sends the end of the answer, and waits up to 5 seconds for that of the request; what comes meanwhile is dropped. A connection that
    /// closes while a request is open takes from many clients what they have not read of its answer: whoever drains the server has to wait
    /// for this, too.
    /// </summary>
    public static async Task EndAsync(HttpContext http)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(EndLimit);
        try
        {
            await http.Response.CompleteAsync();
            var body = http.Request.BodyReader;
            ReadResult result;
            do
            {
                result = await body.ReadAsync(limit.Token);
                body.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // It stays; or it is gone.
        }
    }
}
