using System.Reflection;
using Httpmq.Api.Http;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;

namespace Httpmq.Api.Hosting;

/// <summary>Finds the group's controllers in whatever room they are; they are internal, as everything that is no library is.</summary>
internal sealed class GroupControllers(ApiGroup group) : IApplicationFeatureProvider<ControllerFeature>
{
    public void PopulateFeature(IEnumerable<ApplicationPart> parts, ControllerFeature feature)
    {
        foreach (var controller in All().Where(controller => string.Equals(GroupOf(controller), group.Name, StringComparison.Ordinal)))
        {
            feature.Controllers.Add(controller.GetTypeInfo());
        }
    }

    private static IEnumerable<Type> All() => typeof(GroupControllers).Assembly.GetTypes()
        .Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(ApiController)));

    private static string GroupOf(Type controller) => controller.GetCustomAttribute<ApiGroupAttribute>()?.Name
        ?? throw new InvalidOperationException($"{controller} has no [ApiGroup], so that neither API would serve it.");
}
