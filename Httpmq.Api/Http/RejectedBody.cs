namespace Httpmq.Api.Http;

/// <summary>
/// Gives a client that is still sending the time to read that its body was refused. A stream of HTTP/2 that ends while its
/// request goes on is reset at once, and many clients then forget the answer that came before the reset.
/// </summary>
internal static class RejectedBody
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1);

    /// <summary>Whether the client has broken off the body, which then says so at every further read.</summary>
    public static bool IsBroken(HttpRequest request)
    {
        try
        {
            if (request.BodyReader.TryRead(out var rest))
            {
                request.BodyReader.AdvanceTo(rest.Buffer.Start);
            }

            return false;
        }
        catch (Exception exception) when (exception is IOException or BadHttpRequestException)
        {
            return true;
        }
        catch (InvalidOperationException)
        {
            // Somebody reads it still, so that it was not the body that failed.
            return false;
        }
    }

    /// <summary>Ends the answer and discards what the client sends, until it stops or a second has passed.</summary>
    public static async Task LingerAsync(HttpContext context)
    {
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            return;
        }

        await context.Response.CompleteAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(TimeLimit);
        try
        {
            while (await context.Request.BodyReader.ReadAsync(limit.Token) is { IsCompleted: false } rest)
            {
                context.Request.BodyReader.AdvanceTo(rest.Buffer.End);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // It has read the answer and stopped sending, or will not.
        }
    }
}
