using Httpmq.Api.Http;
using Httpmq.Domain.Access;

namespace Httpmq.Api.Access;

/// <summary>Shows Swagger UI and the OpenAPI documents to those alone who show who they are, unless they are open to all.</summary>
internal sealed class DocumentGuard(RequestDelegate next, ConfiguredCallers access, ICallerSource callers)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!access.OpenDocuments)
        {
            var found = await callers.IdentifyAsync(context);
            if (found.Caller is not { IsIdentified: true })
            {
                await CallerMiddleware.RefuseAsync(context, found.Refusal ?? AccessErrors.Nothing);
                return;
            }
        }

        await next(context);
    }
}
